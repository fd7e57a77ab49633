// The gateway's own origins. A page that it serves itself is trusted like one of the configured origins.
import type { X509Certificate } from 'node:crypto';

/**
 * From the listener's own certificate and port, never from a request's Host header, which the other side writes.
 * @returns such as https://telework.example.jp, with the port unless it is 443
 */
export function ownOrigins(certificate: X509Certificate, port: number): string[] {
  const names = (certificate.subjectAltName ?? '').matchAll(/(?:^|, )(?:DNS|IP Address):([A-Za-z0-9.-]+)(?=,|$)/g);
  return [...names].map(([, name]) => `https://${name?.toLowerCase()}${port === 443 ? '' : `:${port}`}`);
}
