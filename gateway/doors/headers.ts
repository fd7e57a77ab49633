// Headers of every answer, and the headers of a request that claim an identity.
import type { IncomingMessage } from 'node:http';

/** An API has nothing to be framed, cached, sniffed or embedded. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'Strict-Transport-Security': 'max-age=31536000',
  'X-Content-Type-Options': 'nosniff',
};

/** What proxies use to say who the client is. Nothing here reads them: identity is the TLS socket's alone (B9, T11). */
const IDENTITY_HEADER =
  /^(x[-_])?(ssl[-_]client[-_].*|client[-_]cert.*|forwarded.*|real[-_]ip|remote[-_]user|authenticated[-_]user|auth[-_]request[-_].*|tls[-_]client[-_].*|amzn[-_]mtls[-_].*|original[-_]forwarded.*|true[-_]client[-_]ip|arr[-_]clientcert)$/;

/** @returns the names of such headers, for the audit log; never their values, which a stranger chose */
export function identityHeaders(request: IncomingMessage): string[] {
  return Object.keys(request.headers).filter((name) => IDENTITY_HEADER.test(name));
}
