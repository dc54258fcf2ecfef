import assert from 'node:assert/strict';
import { test } from 'node:test';

import { getFleet, getSyncRun, getSyncStatus, isProblem, type Problem } from '@ctsync/client';

import { nowhere, stranger, viewer } from './service.js';

test('a refusal is a problem with a code', async () => {
  const { data, error, response } = await getSyncStatus({ client: stranger });
  assert.equal(data, undefined);
  assert.equal(response.status, 401);
  // The compiler knows what an error is.
  const problem: Problem | undefined = error;
  assert.equal(problem?.code, 'credential_invalid');
  assert.equal(problem.requestId, response.headers.get('X-Request-Id'));
});

test('a role that is too small is told apart', async () => {
  const { error } = await getFleet({ client: viewer });
  assert.equal(error?.code, 'forbidden');
});

test('a problem can be thrown', async () => {
  const id = '0198c1f2-7d5e-7a90-8f6b-3f2d6f0a9c11';
  const missing = getSyncRun({ client: viewer, path: { id }, throwOnError: true });
  await assert.rejects(missing, (error) => isProblem(error) && error.code === 'not_found');
});

test('a service that does not answer is a problem, too', async () => {
  const { error } = await getSyncStatus({ client: nowhere });
  assert.equal(error?.code, 'unavailable');
});
