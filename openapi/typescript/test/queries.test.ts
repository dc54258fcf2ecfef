import assert from 'node:assert/strict';
import { test } from 'node:test';

import { configure, connect, getPipelineDashboard, listLeads, startSyncRun, type Client, type LeadPage } from '@ctsync/client';
import {
  getLeadsDashboardOptions,
  listLeadsOptions,
  listDashboardNotesInfiniteOptions,
  queryDefaults,
} from '@ctsync/client/tanstack-query';
import { QueryClient } from '@tanstack/react-query';

import { agency, agencyToken, baseUrl, viewer, viewerToken } from './service.js';

function queries(): QueryClient {
  return new QueryClient({ defaultOptions: { queries: { ...queryDefaults.queries, staleTime: Infinity } } });
}

/** The first lead of a list: an id that no other tenant has. */
function first(leads: LeadPage): string {
  return leads.items[0]!.id;
}

async function asked(client: Client): Promise<string> {
  const { data } = await listLeads({ client, throwOnError: true });
  return first(data);
}

test('two clients in one cache have their own tenants', async () => {
  const cache = queries();
  const clients = [agency('harbor-homes'), agency('maple-kitchens')];
  const shown = [];
  for (const client of clients) {
    shown.push(first(await cache.fetchQuery(listLeadsOptions({ client }))));
  }
  assert.deepEqual(shown, await Promise.all(clients.map(asked)));
  assert.notEqual(shown[0], shown[1]);
});

test('a switch of the tenant is a switch of the data, and what was asked before stays with its tenant', async () => {
  const cache = queries();
  configure({ baseUrl, token: agencyToken, tenant: 'harbor-homes' });
  const options = listLeadsOptions();
  const harbor = first(await cache.fetchQuery(options));
  configure({ baseUrl, token: agencyToken, tenant: 'maple-kitchens' });
  const maple = first(await cache.fetchQuery(listLeadsOptions()));
  assert.equal(harbor, await asked(agency('harbor-homes')));
  assert.equal(maple, await asked(agency('maple-kitchens')));
  const again = await cache.fetchQuery({ ...options, staleTime: 0 });
  assert.equal(first(again), harbor);
});

test('configure forgets the former tenant and caller', async () => {
  configure({ baseUrl, token: agencyToken, tenant: 'maple-kitchens' });
  const left = getLeadsDashboardOptions();
  configure({ baseUrl, token: agencyToken });
  const none = await getPipelineDashboard();
  assert.equal(none.error?.code, 'tenant_required');
  configure({ baseUrl, token: viewerToken });
  const own = await getPipelineDashboard();
  assert.equal(own.error, undefined);
  assert.notDeepEqual(getLeadsDashboardOptions().queryKey, left.queryKey);
  await assert.rejects(queries().fetchQuery(left), /somebody else/);
});

test('keys hold no token', () => {
  const key = JSON.stringify(getLeadsDashboardOptions({ client: viewer }).queryKey);
  assert.ok(!key.includes(viewerToken));
  const other = getLeadsDashboardOptions({ client: connect({ baseUrl, token: () => viewerToken }) });
  assert.notEqual(JSON.stringify(other.queryKey), key);
  const named = { baseUrl, token: () => viewerToken, caller: 'kim' };
  const options = () => getLeadsDashboardOptions({ client: connect(named) });
  assert.deepEqual(options().queryKey, options().queryKey);
});

test('infinite lists page by themselves', async () => {
  const options = listDashboardNotesInfiniteOptions({ client: viewer, query: { limit: 50 } });
  const { pages } = await queries().fetchInfiniteQuery({ ...options, pages: 3 });
  const ids = pages.flatMap((page) => page.items.map((note) => note.id));
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.length > 50);
});

/** Answers of a service that is busy at first. */
function busy(refusals: Response[]): { fetch: typeof fetch; asked: () => number } {
  let asked = 0;
  return {
    fetch: async (...request) => {
      asked += 1;
      return refusals.shift() ?? globalThis.fetch(...request);
    },
    asked: () => asked,
  };
}

test('what may be repeated is repeated when the service says', async () => {
  const wait = (seconds: number) => new Response('{}', { status: 503, headers: { 'Retry-After': `${seconds}` } });
  const service = busy([wait(1), new Response('{}', { status: 429 })]);
  const started = Date.now();
  const client = connect({ baseUrl, token: viewerToken, fetch: service.fetch });
  const { error } = await getPipelineDashboard({ client });
  assert.equal(error, undefined);
  assert.equal(service.asked(), 3);
  assert.ok(Date.now() - started >= 1000);
  const long = busy([wait(3600)]);
  const given = await getPipelineDashboard({ client: connect({ baseUrl, token: viewerToken, fetch: long.fetch }) });
  assert.equal(given.response.status, 503);
  assert.equal(long.asked(), 1);
});

test('what may not be repeated is not', async () => {
  const service = busy([new Response('{}', { status: 503 })]);
  const client = connect({ baseUrl, token: viewerToken, fetch: service.fetch });
  const refused = await startSyncRun({ client, body: {} });
  assert.equal(refused.response.status, 503);
  assert.equal(service.asked(), 1);
});
