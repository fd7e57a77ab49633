// Every route of the administrators' listener (B1): sign-in and own factors as users have them, and one route for each
// action. docs/api.md describes them.
import * as z from 'zod';
import { Failure } from '#platform/process/exit.ts';
import { CODES, Refusal } from '#protocol/codes.ts';
import { factorRoutes } from '../doors/factor-routes.ts';
import type { Answer, Route, SignedInVisit } from '../doors/route.ts';
import { signInRoutes } from '../doors/sign-in-routes.ts';
import { ADMIN_COOKIE } from '../sign-in/cookie.ts';
import { OwnFactors, type OwnFactorsParts } from '../sign-in/own-factors.ts';
import { managesFactorsOnly, requireFresh } from '../sign-in/sessions.ts';
import type { SignInParts } from '../sign-in/sign-in.ts';
import type { Action, Administrator } from './action.ts';
import type { Administrators } from './administrators.ts';

export type AdministrationRouteParts = Omit<SignInParts, 'accounts'> &
  OwnFactorsParts & { administrators: Administrators; actions: readonly Action[] };

export function administrationRoutes(parts: AdministrationRouteParts): Route[] {
  const { administrators, history, actions } = parts;
  return [
    ...signInRoutes({ ...parts, accounts: administrators, cookie: ADMIN_COOKIE }),
    ...factorRoutes({ ownFactors: new OwnFactors(parts), history, nameOf: async ({ user }) => user }),
    ...actions.filter(({ only }) => only !== 'socket').map((action) => actionRoute(parts, action)),
  ];
}

function actionRoute(parts: AdministrationRouteParts, action: Action): Route {
  const { administrators, sessions, journal, now } = parts;

  async function perform({ peer, signIn, body }: SignedInVisit): Promise<Answer> {
    const by: Administrator = { name: peer.name, municipality: peer.municipality };
    await administrators.requireCertified(by);
    if (managesFactorsOnly(signIn)) throw new Refusal('SIGN_IN_BY_RECOVERY');
    if (action.dangerous) {
      requireFresh(signIn, now()); // a page left open gives nobody more
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
