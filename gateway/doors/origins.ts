// Origins of pages that may use this gateway: its own, and those configured. A page of another host is elsewhere: its
// requests cross origins, so that it needs CORS, and a cookie would be a third party's (T24).
import type { X509Certificate } from 'node:crypto';

/**
 * From the listener's own certificate and port, never from a request's Host header, which the other side writes.
 * @returns such as https://telework.example.jp, with the port unless it is 443
 */
export function ownOrigins(certificate: X509Certificate, port: number): string[] {
  return namesIn(certificate).map((name) => `https://${name}${port === 443 ? '' : `:${port}`}`);
}

/**
 * @returns those of the configured origins that are elsewhere. One with a name of the gateway's own is its own on any port:
 * what stands in front may listen on another
 */
export function otherOrigins(configured: readonly string[], certificate: X509Certificate): string[] {
  const own = namesIn(certificate);
  return configured.filter((origin) => !own.includes(new URL(origin).hostname));
}

function namesIn({ subjectAltName }: X509Certificate): string[] {
  const names = (subjectAltName ?? '').matchAll(/(?:^|, )(?:DNS|IP Address):([A-Za-z0-9.-]+)(?=,|$)/g);
  return [...names].flatMap(([, name]) => (name ? [name.toLowerCase()] : []));
}
