/** The running service that scripts/test provides, and who may use it. */
import { connect, type Client } from '@ctsync/client';

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') {
    throw new Error(`${name} is not set; scripts/test starts a service for these tests`);
  }
  return value;
}

/** Where it is. */
export const baseUrl = setting('CTSYNC_URL');
/** The agency's token. */
export const agencyToken = setting('CTSYNC_AGENCY_TOKEN');
/** A token that may read the tenant harbor-homes. */
export const viewerToken = setting('CTSYNC_VIEWER_TOKEN');

/** Somebody who may read the tenant harbor-homes. */
export const viewer: Client = connect({ baseUrl, token: viewerToken });

/** Somebody who may change things in the tenant harbor-homes. */
export const admin: Client = connect({ baseUrl, token: setting('CTSYNC_ADMIN_TOKEN') });

/** Somebody who may do everything, looking at one tenant. */
export function agency(tenant?: string): Client {
  const token = agencyToken;
  return connect({ baseUrl, token, ...(tenant !== undefined && { tenant }) });
}

/** Somebody whose token was made up. */
export const stranger: Client = connect({ baseUrl, token: 'made-up' });

/** Nobody listens here. */
export const nowhere: Client = connect({ baseUrl: 'http://127.0.0.1:9', token: 'any' });
