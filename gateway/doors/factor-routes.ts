// The own factors and sign-ins of whoever is signed in.
import * as z from 'zod';
import { iso, isoOrNull } from '../iso-time.ts';
import type { History } from '../sign-in/history.ts';
import type { OwnFactors } from '../sign-in/own-factors.ts';
import type { Owner } from '../sign-in/owner.ts';
import type { Passkey } from '../sign-in/passkeys.ts';
import { displayName } from '../users.ts';
import { credential, nonce, nothing } from './forms.ts';
import type { Answer, Route, SignedInVisit } from './route.ts';

export interface FactorRouteParts {
  ownFactors: OwnFactors;
  history: History;
  /** @returns what an authenticator shows beside the user id */
  nameOf(owner: Owner): Promise<string>;
}

const newPasskey = z.strictObject({ nonce, name: displayName, credential });
const whichPasskey = z.strictObject({ id: z.string().max(1_364) });
const code = z.strictObject({ code: z.string().max(64) });
const newPassword = z.strictObject({ password: z.string().max(1024) });

const DONE: Answer = { status: 204 };

export function factorRoutes({ ownFactors, history, nameOf }: FactorRouteParts): Route[] {
  const get = (path: string, answer: (visit: SignedInVisit) => Promise<Answer>): Route => ({
    ...{ method: 'GET', needs: 'session', path, answer },
  });
  const post = (path: string, answer: (visit: SignedInVisit) => Promise<Answer>): Route => ({
    ...{ method: 'POST', needs: 'session', path, answer },
  });
  return [
    get('/api/factors', async ({ signIn }) => {
      const { totp, passkeys, password, recoveryCodesLeft } = await ownFactors.describe(signIn);
      return {
        json: {
          totp: totp === null ? null : { enrolledAt: iso(totp) },
          passkeys: passkeys.map(sayPasskey),
          password: password === null ? null : { setAt: iso(password) },
          recoveryCodesLeft,
        },
      };
    }),
    post('/api/factors/webauthn/options', async (visit) => {
      await visit.body(nothing);
      return { json: await ownFactors.passkeyOptions(visit, await nameOf(visit.signIn)) };
    }),
    post('/api/factors/webauthn', async (visit) => {
      const { name, ...ceremony } = await visit.body(newPasskey);
      await ownFactors.addPasskey(visit, name, { ...ceremony, origin: visit.origin });
      return DONE;
    }),
    post('/api/factors/webauthn/remove', async (visit) => {
      await ownFactors.removePasskey(visit, (await visit.body(whichPasskey)).id);
      return DONE;
    }),
    post('/api/factors/totp/begin', async (visit) => {
      await visit.body(nothing);
      return { json: { uri: await ownFactors.beginTotp(visit) } };
    }),
    post('/api/factors/totp/confirm', async (visit) => {
      await ownFactors.confirmTotp(visit, (await visit.body(code)).code);
      return DONE;
    }),
    post('/api/factors/totp/remove', async (visit) => {
      await visit.body(nothing);
      await ownFactors.removeTotp(visit);
      return DONE;
    }),
    post('/api/factors/password', async (visit) => {
      await ownFactors.setPassword(visit, (await visit.body(newPassword)).password);
      return DONE;
    }),
    post('/api/factors/recovery', async (visit) => {
      await visit.body(nothing);
      return { json: { codes: await ownFactors.makeRecoveryCodes(visit) } };
    }),
    get('/api/history', async ({ signIn }) => {
      const past = await history.list(signIn);
      return { json: { signIns: past.map(({ at, ...rest }) => ({ at: iso(at), ...rest })) } };
    }),
  ];
}

function sayPasskey({ id, name, createdAt, lastUsedAt, backedUp, hardwareBound, suspended }: Passkey) {
  return {
    ...{ id, name, backedUp, hardwareBound, suspended },
    createdAt: iso(createdAt),
    lastUsedAt: isoOrNull(lastUsedAt),
  };
}
