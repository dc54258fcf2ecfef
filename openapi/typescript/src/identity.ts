import type { Client } from './generated/client/index.js';

/** Who asks, and for which tenant: what an answer belongs to. */
export interface Identity {
  /** Tells callers apart; it is no secret, and no secret can be had from it. */
  caller: string;
  headers: { 'X-Tenant-Id': string | null };
}

const identities = new WeakMap<Client, Identity>();
let unnamed = 0;

/** Remembers who asks with `client` from now on. */
export function setIdentity(client: Client, caller: string | undefined, tenant: string | undefined): void {
  identities.set(client, {
    caller: caller ?? `caller-${++unnamed}`,
    headers: { 'X-Tenant-Id': tenant ?? null },
  });
}

/** Returns who asks with `client`, for keys of caches. */
export function identityOf(client: Client): Identity {
  const known = identities.get(client);
  if (known) {
    return known;
  }
  // It was set up past us: its headers say which tenant, and nobody says who.
  const headers = new Headers(client.getConfig().headers as HeadersInit | undefined);
  setIdentity(client, undefined, headers.get('X-Tenant-Id') ?? undefined);
  return identityOf(client);
}

/** Makes a short name of a token: the same for the same one. 53 bits of it say nothing about the 256 of a token. */
export function nameOf(token: string): string {
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (let index = 0; index < token.length; index += 1) {
    const code = token.charCodeAt(index);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return (4294967296 * (2097151 & low) + (high >>> 0)).toString(36);
}
