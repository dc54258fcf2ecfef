/** What is refused before anything was done with it, whatever it is. */
const REFUSED = new Set([429]);
/** What may be there again, for requests that may be sent twice. */
const AWAY = new Set([502, 503, 504]);
const REPEATABLE = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);
/** Longest time to wait for the next attempt, in milliseconds: whoever is told to wait longer gets the answer. */
const LONGEST = 30_000;

/** Repeats what the service says may be repeated, as often as `retries`, when it says. */
export function retrying(send: typeof fetch, retries: number): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    for (let attempt = 0; ; attempt += 1) {
      const isLast = attempt >= retries;
      let response: Response | undefined;
      try {
        response = await send(isLast ? request : request.clone());
      } catch (error) {
        if (isLast || request.signal.aborted || !REPEATABLE.has(request.method)) {
          throw error;
        }
      }
      if (response && (isLast || !mayRepeat(request, response))) {
        return response;
      }
      const delay = told(response) ?? 300 * 2 ** attempt * (0.5 + Math.random());
      if (response && delay > LONGEST) {
        return response;
      }
      await response?.body?.cancel();
      await wait(delay, request.signal);
    }
  };
}

function mayRepeat(request: Request, response: Response): boolean {
  const { status } = response;
  return REFUSED.has(status) || (AWAY.has(status) && REPEATABLE.has(request.method));
}

/** How long the service says to wait, in milliseconds. */
function told(response: Response | undefined): number | undefined {
  const header = response?.headers.get('Retry-After');
  const seconds = Number(header);
  return header && Number.isFinite(seconds) ? seconds * 1000 : undefined;
}

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', giveUp);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', giveUp, { once: true });
  });
}
