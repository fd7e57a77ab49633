// Every route of the administrators' listener (B1): the sign-in, and one for each action. docs/api.md describes them.
import * as z from 'zod';
import { Failure } from '#platform/process/exit.ts';
import { CODES, Refusal } from '#protocol/codes.ts';
import { aboutCertificate } from '../certificate-end.ts';
import type { Answer, Route, SignedInVisit } from '../doors/route.ts';
import { ADMIN_COOKIE, clearCookie, setCookie } from '../sign-in/cookie.ts';
import type { SignIn } from '../sign-in/sessions.ts';
import type { Action, Administrator } from './action.ts';
import { type AdministratorSignInParts, signInAdministrator } from './sign-in.ts';

/** What gives a right takes a sign-in that is at most so old (E9): a page left open gives nobody more. */
const FRESH_MS = 5 * 60_000;

const totpRequest = z.strictObject({ code: z.string().max(64) });

export function administrationRoutes(parts: AdministratorSignInParts, actions: readonly Action[]): Route[] {
  const { sessions, journal } = parts;
  return [
    {
      method: 'POST',
      path: '/api/sign-in/totp',
      needs: 'certificate',
      async answer({ peer, visitor, body }) {
        const { code } = await body(totpRequest);
        const { secret, signIn } = await signInAdministrator(parts, peer, visitor, code);
        return { json: about(signIn, peer), headers: { 'Set-Cookie': setCookie(ADMIN_COOKIE, secret) } };
      },
    },
    {
      method: 'GET',
      path: '/api/session',
      needs: 'session',
      async answer({ peer, signIn }) {
        return { json: about(signIn, peer) };
      },
    },
    {
      method: 'DELETE',
      path: '/api/session',
      needs: 'session',
      async answer({ signIn, visitor }) {
        await sessions.end(signIn);
        journal.signedOut(visitor);
        const headers = { 'Set-Cookie': clearCookie(ADMIN_COOKIE), 'Clear-Site-Data': '"cache", "cookies", "storage"' };
        return { status: 204, headers };
      },
    },
    ...actions.filter(({ only }) => only !== 'socket').map((action) => actionRoute(parts, action)),
  ];

  function about({ user, factors, lastSignIn, signedInAt }: SignIn, peer: Administrator & { notAfter: number }) {
    return {
      ...{ user, municipality: peer.municipality, factors, ...sessions.limits, managesFactorsOnly: false },
      lastSignIn: lastSignIn === null ? null : new Date(lastSignIn).toISOString(),
      signedInAt: new Date(signedInAt).toISOString(),
      ...aboutCertificate(peer.notAfter, parts.now()),
    };
  }
}

function actionRoute(parts: AdministratorSignInParts, action: Action): Route {
  const { administrators, sessions, journal, now } = parts;

  async function perform({ peer, signIn, body }: SignedInVisit): Promise<Answer> {
    const by: Administrator = { name: peer.name, municipality: peer.municipality };
    await administrators.require(by);
    if (action.dangerous) {
      if (now() - signIn.signedInAt > FRESH_MS) throw new Refusal('SIGN_IN_TOO_OLD');
      journal.requireHealthy(); // taking away is possible unrecorded, giving is not (G4)
    }
    await sessions.noteActivity(signIn, now());
    return { json: (await action.perform(await body(z.unknown()), by)) ?? {} };
  }

  return {
    method: 'POST',
    path: `/api/administration/${action.name}`,
    needs: 'session',
    async answer(visit) {
      try {
        return await perform(visit);
      } catch (error) {
        if (error instanceof Failure) return notPossible(error);
        const refusal = error instanceof z.ZodError ? malformed(error) : error;
        if (refusal instanceof Refusal) journal.actionRefused(action.name, visit.peer.name, refusal);
        throw refusal;
      }
    },
  };
}

/** The detail is a sentence of ours about what the administrator asked for. */
function notPossible({ message }: Failure): Answer {
  const { http, ja, en } = CODES.NOT_POSSIBLE;
  return { status: http, json: { code: 'NOT_POSSIBLE', message: { ja, en }, detail: message } };
}

function malformed({ issues: [issue] }: z.ZodError): Refusal {
  return new Refusal('BODY_MALFORMED', `${issue?.path.join('.') || 'body'}: ${issue?.code ?? 'invalid'}`);
}
