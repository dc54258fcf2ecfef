import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  createConnection,
  eachItem,
  getOpportunitiesDashboard,
  getOpportunity,
  listOpportunities,
  startIncrementalSync,
  startInitialSync,
  testConnection,
} from '@ctsync/client';

import { agency, viewer } from './service.js';

test('the numbers of rental opportunities add up, and so do the rows behind them', async () => {
  const { data: numbers } = await getOpportunitiesDashboard({ client: viewer, throwOnError: true });
  assert.ok(numbers.total > 0);
  assert.match(numbers.value, /^\d+(\.\d+)?$/);
  for (const lines of [numbers.byState, numbers.byStatus, numbers.byMonth]) {
    const counted = lines.reduce((sum, line) => sum + line.count, 0);
    assert.equal(counted, numbers.total);
  }
  for (const { state, count } of numbers.byState) {
    const query = { state: state === null ? 'none' : String(state), limit: 1 };
    const { data: rows } = await listOpportunities({ client: viewer, query, throwOnError: true });
    assert.equal(rows.total, count);
  }
});

test('rental opportunities can be read to the end, each once, and each by itself', async () => {
  const ids = new Set<string>();
  const read = (cursor?: string) =>
    listOpportunities({ client: viewer, query: { limit: 20, cursor } });
  for await (const opportunity of eachItem(read)) {
    ids.add(opportunity.id);
  }
  const [id] = ids;
  assert.ok(id);
  const { data: one } = await getOpportunity({ client: viewer, path: { id }, throwOnError: true });
  assert.equal(one.id, id);
  assert.ok(one.raw);
});

test('an account of Current RMS is added, tested, loaded and kept up to date', async () => {
  const client = agency('maple-kitchens');
  const { data: added } = await createConnection({
    client,
    path: { tenant: 'maple-kitchens' },
    body: {
      source: 'current_rms',
      name: 'rents',
      credentials: { subdomain: 'rental-2', apiKey: 'api-key-2' },
      settings: { requestsPerSecond: 0 },
    },
    throwOnError: true,
  });
  const path = { tenant: 'maple-kitchens', id: added.id };
  const { data: tested } = await testConnection({ client, path, throwOnError: true });
  assert.equal(tested.ok, true);
  const body = { connection: 'rents', pastDays: 60 };
  const initial = await startInitialSync({ client, body, throwOnError: true });
  assert.equal(initial.response.status, 200);
  assert.ok('success' in initial.data && initial.data.success);
  assert.ok(initial.data.recordsSynced > 0);
  const later = await startIncrementalSync({ client, query: { wait: 0 }, throwOnError: true });
  assert.equal(later.response.status, 202);
  assert.ok('runs' in later.data);
  const location = later.response.headers.get('Location');
  assert.equal(location, `/api/sync/runs/${later.data.runs[0]?.id}`);
  const nobody = await startIncrementalSync({ client, body: { connection: 'nobody' } });
  assert.equal(nobody.error?.code, 'not_found');
});
