import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  eachItem,
  getHotList,
  getLeadsDashboard,
  getPipelineDashboard,
  getSchedule,
  getScheduleCalendar,
  listDashboardNotes,
  listLeads,
  listPipelineOpportunities,
} from '@ctsync/client';

import { agency, viewer } from './service.js';

test('the leads dashboard adds up, and so does its drill-down', async () => {
  const { data: leads } = await getLeadsDashboard({ client: viewer, throwOnError: true });
  const counted = leads.byStatus.reduce((sum, status) => sum + status.leads, 0);
  assert.equal(counted, leads.totalLeads);
  assert.equal(leads.freshness.isStale, false);
  assert.ok(leads.totalLeads > 0);
});

test('the pipeline tells exact amounts', async () => {
  const { data: pipeline } = await getPipelineDashboard({ client: viewer, throwOnError: true });
  assert.match(pipeline.totalValue, /^\d+(\.\d+)?$/);
  assert.equal(pipeline.stages.length > 0, true);
});

test('the hot list comes with the most valuable first', async () => {
  const { data: hot } = await getHotList({ client: viewer, throwOnError: true });
  const values = hot.items.map((item) => Number(item.weightedIff));
  assert.deepEqual(values, [...values].sort((a, b) => b - a));
});

test('the schedule comes as a list and as a calendar', async () => {
  const { data: schedule } = await getSchedule({ client: viewer, throwOnError: true });
  assert.ok(schedule.items.length > 0);
  const calendar = await getScheduleCalendar({ client: viewer, throwOnError: true });
  assert.match(String(calendar.data), /^BEGIN:VCALENDAR/);
});

test('notes can be read to the end, each once', async () => {
  const first = await listDashboardNotes({ client: viewer, throwOnError: true });
  const ids = new Set<string>();
  const read = (cursor?: string) =>
    listDashboardNotes({ client: viewer, query: { limit: 50, cursor } });
  for await (const note of eachItem(read)) {
    ids.add(note.id);
  }
  assert.ok(ids.size > 50);
  assert.equal(ids.size, first.data.total);
});

test('the records behind the numbers are there', async () => {
  const leads = await listLeads({ client: viewer, throwOnError: true });
  assert.ok(leads.data.items.length > 0);
  const opportunities = await listPipelineOpportunities({ client: viewer, throwOnError: true });
  assert.ok(opportunities.data.items.length > 0);
});

test('an answer that has not changed is not sent again', async () => {
  const first = await getPipelineDashboard({ client: viewer, throwOnError: true });
  const tag = first.response.headers.get('ETag');
  assert.ok(tag);
  const again = await getPipelineDashboard({ client: viewer, headers: { 'If-None-Match': tag } });
  assert.equal(again.response.status, 304);
  assert.equal(again.data, undefined);
  assert.equal(again.error, undefined);
});

test('whoever may use several tenants names one', async () => {
  const harbor = await getLeadsDashboard({ client: agency('harbor-homes'), throwOnError: true });
  assert.ok(harbor.data.totalLeads > 0);
  const none = await getLeadsDashboard({ client: agency() });
  assert.equal(none.error?.code, 'tenant_required');
});
