import { client } from './generated/client.gen.js';
import { createClient, createConfig, type Client, type Config } from './generated/client/index.js';
import { asProblem } from './problem.js';

/** Where the service is, and who asks. */
export interface Connection {
  /** Address of the service, such as `https://ctsync.example.com`. */
  baseUrl: string;
  /** An API token or a JWT of your identity provider; a function is asked before each request. */
  token: string | (() => string | Promise<string>);
  /** Id or slug of the tenant, for tokens that may use several. */
  tenant?: string;
  /** Another `fetch`, for tests and special surroundings. */
  fetch?: typeof fetch;
}

/** Sets up the client that all functions use unless they are given another one. */
export function configure(connection: Connection): Client {
  client.setConfig(settings(connection));
  return withProblems(client);
}

/** Makes a client of its own, to be given to functions as `client`. */
export function connect(connection: Connection): Client {
  return withProblems(createClient(createConfig(settings(connection))));
}

function settings({ baseUrl, token, tenant, fetch }: Connection): Config {
  return {
    baseUrl,
    auth: token,
    headers: tenant === undefined ? {} : { 'X-Tenant-Id': tenant },
    ...(fetch && { fetch }),
  };
}

/** Whatever goes wrong arrives as a problem, also when something else than the service answered, or nothing. */
function withProblems(client: Client): Client {
  client.interceptors.error.clear();
  client.interceptors.error.use(asProblem);
  return client;
}
