// The administrators' listener: an address, a certificate, an authority and a table of routes of its own. It belongs to the
// management network; where it is not configured, the Unix socket is the only door (E9, T22).
import type { KeyedRate } from '#platform/hop/keyed-rate.ts';
import type { AdministrationConfig } from '../config.ts';
import type { SignIns } from '../doors/doors.ts';
import { type Listener, openListener } from '../doors/listener.ts';
import { ADMIN_COOKIE } from '../sign-in/cookie.ts';
import { type AdministrationRouteParts, administrationRoutes } from './routes.ts';

/** @throws Failure in one line: a file that cannot be used, a port in use */
export function openAdministration(
  { listen, edge, tls, page }: AdministrationConfig,
  parts: AdministrationRouteParts & { signIns: SignIns; rate: KeyedRate; monotonic(): number },
): Promise<Listener> {
  return openListener({
    ...{ listen, edge, tls, page },
    kind: 'admin',
    routes: administrationRoutes(parts),
    origins: new Set(),
    pagesOnly: true,
    cookie: ADMIN_COOKIE,
    sessions: parts.signIns,
    rate: parts.rate,
    monotonic: parts.monotonic,
    journal: parts.journal,
    // Each request looks at the newest list by itself, and there is nothing else that lives on.
    revocationsChanged() {},
  });
}
