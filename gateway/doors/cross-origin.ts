// What a browser needs to let a page of another, configured origin use this gateway (Fetch §3.3, T24). A preflight carries no
// certificate, by the standard. It is the one request that is answered without: with these headers and nothing else, the same
// for each path, and only for a configured origin.
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';

const PREFLIGHT_SECONDS = '600';

/** The client certificate is a credential too, so a page has to ask with credentials, and "*" would not do. */
export function crossOriginHeaders(origin: string): OutgoingHttpHeaders {
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Allow-Credentials': 'true',
    // A cache must not give one origin what was meant for another.
    Vary: 'Origin',
  };
}

export function preflightHeaders(origin: string): OutgoingHttpHeaders {
  return {
    ...crossOriginHeaders(origin),
    'Access-Control-Allow-Methods': 'GET, POST, DELETE',
    'Access-Control-Allow-Headers': 'authorization, content-type',
    'Access-Control-Max-Age': PREFLIGHT_SECONDS,
  };
}

/** @returns the origin of a preflight from elsewhere, or null for every other request */
export function originOfPreflight({ method, headers }: IncomingMessage, others: ReadonlySet<string>): string | null {
  if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return null;
  const { origin } = headers;
  return origin !== undefined && others.has(origin) ? origin : null;
}
