import type { Problem } from './generated/index.js';

/** Whether a value, for example one that was thrown, is a problem document of the service. */
export function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value;
}

/**
 * Returns what went wrong as a problem. What does not come from the service (a proxy's page, a connection that
 * failed) becomes one with the code `unavailable`. A request that the caller gave up stays what it is.
 */
export function asProblem(error: unknown, response: Response | undefined): unknown {
  if (isProblem(error) || isAbort(error)) {
    return error;
  }
  const problem: Problem = {
    type: 'about:blank',
    title: response?.statusText || 'No Answer',
    status: response?.status ?? 0,
    code: 'unavailable',
    detail: error instanceof Error ? error.message : 'the service could not be reached',
    requestId: response?.headers.get('X-Request-Id') ?? '',
  };
  return problem;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
