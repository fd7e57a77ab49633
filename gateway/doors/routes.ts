// Every route of the gateway, as a table (B1): there is no path that is not here, and docs/api.md describes each row.
import { Refusal } from '#protocol/codes.ts';
import { iso } from '../iso-time.ts';
import { listDesktops, type OpeningParts, openDesktop, openRequest } from '../opening.ts';
import type { Relays } from '../relay.ts';
import type { Owner } from '../sign-in/owner.ts';
import type { SignInParts } from '../sign-in/sign-in.ts';
import { type FactorRouteParts, factorRoutes } from './factor-routes.ts';
import { nothing } from './forms.ts';
import type { Route } from './route.ts';
import { signInRoutes } from './sign-in-routes.ts';

export type RouteParts = SignInParts & { cookie: string } & FactorRouteParts & OpeningParts & { relays: Relays };

export function routes(parts: RouteParts): readonly Route[] {
  return [...signInRoutes(parts), ...factorRoutes(parts), ...desktopRoutes(parts)];
}

function desktopRoutes(parts: RouteParts): Route[] {
  const { slots, journal } = parts;
  const liveOf = async ({ municipality, user }: Owner) =>
    (await slots.list()).find((slot) => slot.municipality === municipality && slot.user === user) ?? null;
  return [
    {
      method: 'GET',
      path: '/healthz',
      needs: 'certificate',
      async answer() {
        if (!journal.isHealthy) throw new Refusal('AUDIT_UNWRITABLE');
        return { json: { status: 'ok' } };
      },
    },
    {
      method: 'GET',
      path: '/api/desktops',
      needs: 'session',
      async answer({ signIn }) {
        return { json: { desktops: await listDesktops(parts, signIn) } };
      },
    },
    {
      method: 'POST',
      path: '/api/desktops/open',
      needs: 'session',
      async answer({ peer, signIn, visitor, body }) {
        return { json: await openDesktop(parts, { peer, signIn, visitor }, await body(openRequest)) };
      },
    },
    {
      method: 'GET',
      path: '/api/live',
      needs: 'session',
      async answer({ signIn }) {
        const slot = await liveOf(signIn);
        if (!slot) return { json: { session: null } };
        const { session, desktop, startedAt } = slot;
        return { json: { session: { session, desktop, startedAt: iso(startedAt) } } };
      },
    },
    {
      method: 'POST',
      path: '/api/live/end',
      needs: 'session',
      async answer({ signIn, body }) {
        await body(nothing);
        const slot = await liveOf(signIn);
        // Certificate and second factor alone end nobody's work: that takes the proof of an opening (T01).
        if (slot && !signIn.carries) throw new Refusal('DESKTOP_IN_USE', 'by another sign-in of the same user');
        // One that has ended meanwhile is what was asked for.
        if (slot) await slots.requestEnd(slot.session, 'user');
        return { status: 204 };
      },
    },
    {
      method: 'UPGRADE',
      path: '/relay',
      needs: 'session',
      take({ peer, visitor, signIn }, socket) {
        const { address } = visitor;
        if (signIn) parts.relays.take({ peer, signIn, address }, socket);
        else parts.relays.takeByToken({ peer, visitor }, socket);
      },
    },
  ];
}
