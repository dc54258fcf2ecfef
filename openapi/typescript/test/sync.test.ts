import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';

import {
  getFleet,
  getSyncRun,
  getSyncStatus,
  listSyncRuns,
  eachItem,
  startSyncRun,
  type Run,
} from '@ctsync/client';

import { admin, agency, viewer } from './service.js';

test('the status tells that the data is fresh', async () => {
  const { data, error } = await getSyncStatus({ client: viewer });
  assert.equal(error, undefined);
  assert.equal(data?.status, 'success');
  assert.equal(data.isStale, false);
  const sources = data.connections.map((connection) => connection.source).sort();
  assert.deepEqual(sources, ['clienttether', 'current_rms']);
});

test('the agency sees every tenant', async () => {
  const { data } = await getFleet({ client: agency() });
  const slugs = data?.tenants.map((tenant) => tenant.slug).sort();
  assert.deepEqual(slugs, ['harbor-homes', 'maple-kitchens']);
});

test('the history goes on to its end', async () => {
  const read = (cursor?: string) =>
    listSyncRuns({ client: viewer, query: { limit: 1, cursor } });
  const ids = new Set<string>();
  for await (const run of eachItem<Run>(read)) {
    assert.ok(!ids.has(run.id));
    ids.add(run.id);
  }
  assert.ok(ids.size >= 1);
});

test('a resync can be started and watched to its end', async () => {
  const started = await startSyncRun({ client: admin, body: {} });
  assert.equal(started.error, undefined);
  assert.equal(started.response.status, 202);
  const [queued] = started.data.runs;
  assert.ok(queued);
  assert.equal(started.response.headers.get('Location'), `/api/sync/runs/${queued.id}`);
  const run = await ended(queued.id);
  assert.equal(run.status, 'success');
  assert.equal(run.trigger, 'api');
});

/** Asks until the run has ended; the test runner limits how long. */
async function ended(id: string): Promise<Run> {
  for (;;) {
    const { data: run } = await getSyncRun({ client: admin, path: { id }, throwOnError: true });
    if (run.finishedAt !== null) {
      return run;
    }
    await sleep(50);
  }
}
