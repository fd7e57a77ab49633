// Origins of pages that may use this gateway: its own, and those configured. A page of another host is elsewhere: its
// requests cross origins, so that it needs CORS, and a cookie would be a third party's (T24).
import type { X509Certificate } from 'node:crypto';
import { Failure } from '#platform/process/exit.ts';

type Named = Pick<X509Certificate, 'subjectAltName'>;

/**
 * From the listener's own certificate and port, never from a request's Host header, which the other side writes.
 * @returns such as https://telework.example.jp or https://[2001:db8::1], with the port unless it is 443
 */
export function ownOrigins(certificate: Named, port: number): string[] {
  return namesIn(certificate).map((name) => `https://${name}${port === 443 ? '' : `:${port}`}`);
}

/**
 * @returns those of the configured origins that are elsewhere. One with a name of the gateway's own is its own on any port:
 * what stands in front may listen on another
 */
export function otherOrigins(configured: readonly string[], certificate: Named): string[] {
  const own = namesIn(certificate);
  return configured.filter((origin) => !own.includes(new URL(origin).hostname));
}

/**
 * A browser lets a page use passkeys of its own host name and of that name's parents only.
 * @param key of the configuration that holds it
 * @throws Failure if no page can use any of `rpId`
 */
export function requirePageOf(rpId: string, key: string, configured: readonly string[], certificate: Named): void {
  const hosts = [...namesIn(certificate), ...configured.map((origin) => new URL(origin).hostname)];
  if (hosts.some((host) => host === rpId || host.endsWith(`.${rpId}`))) return;
  throw new Failure(`${key}: "${rpId}" is neither a page's host name nor a parent of one (${hosts.join(', ')})`);
}

/** As they stand in an origin: an IPv6 address in brackets and in the one short form that browsers write. */
function namesIn({ subjectAltName }: Named): string[] {
  const all = subjectAltName ?? '';
  const names = all.matchAll(/(?:^|, )(?:DNS|IP Address):([A-Za-z0-9.-]+)(?=,|$)/g);
  const addresses = all.matchAll(/(?:^|, )IP Address:([A-Fa-f0-9.:]*:[A-Fa-f0-9.:]*)(?=,|$)/g);
  return [
    ...[...names].flatMap(([, name]) => (name ? [name.toLowerCase()] : [])),
    ...[...addresses].flatMap(([, address]) => URL.parse(`https://[${address}]`)?.hostname ?? []),
  ];
}
