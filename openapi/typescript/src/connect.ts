import { client } from './generated/client.gen.js';
import { createClient, createConfig, type Client, type Config } from './generated/client/index.js';
import { identityOf, nameOf, setIdentity } from './identity.js';
import { asProblem } from './problem.js';
import { retrying } from './retry.js';

/** Where the service is, and who asks. */
export interface Connection {
  /** Address of the service, such as `https://ctsync.example.com`. */
  baseUrl: string;
  /** An API token or a JWT of your identity provider; a function is asked before each request. */
  token: string | (() => string | Promise<string>);
  /** Id or slug of the tenant, for tokens that may use several. */
  tenant?: string;
  /**
   * Who asks, such as the id of the person signed in, where `token` is a function: a name for caches, which keep apart what
   * different people may see. Without one each call of `configure` or `connect` counts as somebody else.
   */
  caller?: string;
  /** How often a request is repeated that the service is too busy for; 2 unless said otherwise. */
  retries?: number;
  /** Another `fetch`, for tests and special surroundings. */
  fetch?: typeof fetch;
}

/** Sets up the client that all functions use unless they are given another one. What was set up before is forgotten. */
export function configure(connection: Connection): Client {
  client.setConfig(settings(connection));
  return prepared(client, connection);
}

/** Makes a client of its own, to be given to functions as `client`. */
export function connect(connection: Connection): Client {
  return prepared(createClient(createConfig(settings(connection))), connection);
}

function settings({ baseUrl, token, tenant, retries, fetch }: Connection): Config {
  return {
    baseUrl,
    auth: token,
    // Null takes away what an earlier call has set.
    headers: { 'X-Tenant-Id': tenant ?? null },
    fetch: retrying(fetch ?? ((...request) => globalThis.fetch(...request)), retries ?? 2),
  };
}

/** Whatever goes wrong arrives as a problem, also when something else than the service answered, or nothing. */
function prepared(client: Client, { token, tenant, caller }: Connection): Client {
  setIdentity(client, caller ?? (typeof token === 'string' ? nameOf(token) : undefined), tenant);
  client.interceptors.error.clear();
  client.interceptors.error.use(asProblem);
  client.interceptors.request.clear();
  client.interceptors.request.use((request, options) => {
    // A query that somebody else has left behind asks again: the answer would be kept under their name.
    const asked = (options as { caller?: string }).caller;
    if (asked !== undefined && asked !== identityOf(client).caller) {
      throw new Error('somebody else is signed in by now');
    }
    return request;
  });
  return client;
}
