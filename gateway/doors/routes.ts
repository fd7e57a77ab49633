// Every route of the gateway, as a table (B1): there is no path that is not here, and docs/api.md describes each row.
import * as z from 'zod';
import { Refusal } from '#protocol/codes.ts';
import { listDesktops, type OpeningParts, openDesktop, openRequest } from '../opening.ts';
import type { Relays } from '../relay.ts';
import { clearCookie, setCookie } from '../sign-in/cookie.ts';
import type { SignIn } from '../sign-in/sessions.ts';
import { type SignInParts, signInWithTotp } from '../sign-in/sign-in.ts';
import type { Route } from './route.ts';

export type RouteParts = SignInParts & OpeningParts & { relays: Relays };

/** The code's form is checked by the factor itself, so that a malformed one counts as a failed try, too. */
const totpRequest = z.strictObject({ code: z.string().max(64) });

export function routes(parts: RouteParts): readonly Route[] {
  const { sessions, journal } = parts;
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
      method: 'POST',
      path: '/api/sign-in/totp',
      needs: 'certificate',
      async answer({ visitor, body }) {
        const { code } = await body(totpRequest);
        const { secret, signIn } = await signInWithTotp(parts, visitor, code);
        return { json: about(signIn), headers: { 'Set-Cookie': setCookie(secret) } };
      },
    },
    {
      method: 'GET',
      path: '/api/session',
      needs: 'session',
      async answer({ signIn }) {
        return { json: about(signIn) };
      },
    },
    {
      method: 'DELETE',
      path: '/api/session',
      needs: 'session',
      async answer({ signIn, visitor }) {
        await sessions.signOut(signIn);
        journal.signedOut(visitor);
        // Not "storage": that would delete the device key.
        return { status: 204, headers: { 'Set-Cookie': clearCookie(), 'Clear-Site-Data': '"cache", "cookies"' } };
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
      method: 'UPGRADE',
      path: '/relay',
      needs: 'session',
      take({ peer, signIn }, socket) {
        parts.relays.take({ peer, signIn }, socket);
      },
    },
  ];
}

/** What the user may know about the own sign-in; lastSignIn lets a stranger's be noticed (E8). */
function about({ user, municipality, factors, lastSignIn }: SignIn) {
  return { user, municipality, factors, lastSignIn: lastSignIn === null ? null : new Date(lastSignIn).toISOString() };
}
