// Signing in, and what of a sign-in its user may know. Made of parts that the administration's listener has as well.
import * as z from 'zod';
import type { PeerIdentity } from '#platform/hop/tls.ts';
import { aboutCertificate } from '../certificate-end.ts';
import { iso, isoOrNull } from '../iso-time.ts';
import type { PolicyBook } from '../sign-in/authenticators.ts';
import { clearCookie, setCookie } from '../sign-in/cookie.ts';
import { managesFactorsOnly, type SignIn } from '../sign-in/sessions.ts';
import { type Shown, type SignInParts, signIn } from '../sign-in/sign-in.ts';
import { credential, nonce, nothing } from './forms.ts';
import type { Answer, Route, Visit } from './route.ts';

/** The forms of codes and credentials are checked by the factor itself, so that a malformed one counts as a failed try. */
const code = z.string().max(64);
const password = z.string().max(1024).optional();
const codeRequest = z.strictObject({ code, password });
const passkeyRequest = z.strictObject({ nonce, credential, password });

/** @param cookie its name */
export function signInRoutes(parts: SignInParts & { cookie: string }): Route[] {
  const { cookie, sessions, authenticators, policies, journal, now } = parts;

  async function begin(visit: Visit, shown: Shown, given: string | undefined): Promise<Answer> {
    const begun = await signIn(parts, visit.visitor, shown, given);
    const json = about(begun.signIn, visit.peer);
    // Each page gets the one that it can use, never both.
    return visit.isElsewhere
      ? { json: { ...json, token: begun.secret } }
      : { json, headers: { 'Set-Cookie': setCookie(cookie, begun.secret) } };
  }

  const byCode = (factor: 'totp' | 'recovery'): Route => ({
    method: 'POST',
    path: `/api/sign-in/${factor}`,
    needs: 'certificate',
    async answer(visit) {
      const given = await visit.body(codeRequest);
      return begin(visit, { factor, code: given.code }, given.password);
    },
  });

  /** What the user may know about the own sign-in; lastSignIn lets a stranger's be noticed (E8). */
  function about(signIn: SignIn, { municipality, notAfter }: PeerIdentity) {
    const { user, factors, lastSignIn, signedInAt, limits } = signIn;
    return {
      ...{ user, municipality, factors, ...limits, managesFactorsOnly: managesFactorsOnly(signIn) },
      lastSignIn: isoOrNull(lastSignIn),
      signedInAt: iso(signedInAt),
      ...aboutCertificate(notAfter, now()),
    };
  }

  return [
    {
      method: 'GET',
      path: '/api/sign-in',
      needs: 'certificate',
      async answer({ visitor: { municipality, user } }) {
        return {
          json: { municipality, user, ...(await methodsFor(policies, municipality, authenticators.passkeys.rpId)) },
        };
      },
    },
    byCode('totp'),
    byCode('recovery'),
    {
      method: 'POST',
      path: '/api/sign-in/webauthn/options',
      needs: 'certificate',
      async answer({ visitor, body }) {
        await body(nothing);
        return { json: await authenticators.passkeys.signInOptions(visitor.thumbprint) };
      },
    },
    {
      method: 'POST',
      path: '/api/sign-in/webauthn',
      needs: 'certificate',
      async answer(visit) {
        const { password: given, ...ceremony } = await visit.body(passkeyRequest);
        return begin(visit, { factor: 'webauthn', origin: visit.origin, ...ceremony }, given);
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
        await sessions.signOut(signIn);
        journal.signedOut(visitor);
        // Not "storage": that would delete the device key.
        return { status: 204, headers: { 'Set-Cookie': clearCookie(cookie), 'Clear-Site-Data': '"cache", "cookies"' } };
      },
    },
  ];
}

/** By the municipality's policy, so the same for every user of it, known or not (E7). */
async function methodsFor(policies: PolicyBook, municipality: string, rpId: string | null) {
  const { secondFactors, password } = await policies.of(municipality);
  return { methods: secondFactors.filter((factor) => factor !== 'webauthn' || rpId !== null), password, rpId };
}
