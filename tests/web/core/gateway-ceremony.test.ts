import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { toBase64Url } from '#protocol/bytes.ts';
import { ceremonyInput } from '#protocol/outer/ceremony.ts';
import type { Request } from '#web/core/gateway-api.ts';
import { addPasskey, ceremonyChallenge, type NewPasskey, signInWithPasskey } from '#web/core/gateway-ceremony.ts';

const NONCE = toBase64Url(Uint8Array.from({ length: 32 }, (_, i) => i));

/** Answers one call after the other and notes what was asked. */
function gateway(...answers: object[]): { request: Request; asked: unknown[][] } {
  const asked: unknown[][] = [];
  const request: Request = async (...call) => {
    asked.push(call);
    return { status: 200, body: answers[asked.length - 1] };
  };
  return { request, asked };
}

const SIGNED_IN = {
  ...{ user: 'tanaka', municipality: '131016', factors: ['mtls', 'swk', 'user'], lastSignIn: null },
  ...{ signedInAt: '2026-11-26T00:00:00.000Z', idleSeconds: 900, overallSeconds: 43_200, managesFactorsOnly: false },
};

describe('the challenge of a ceremony with the gateway', () => {
  it('is the hash of a label and the nonce, never the nonce itself', async () => {
    const nonce = Buffer.from(NONCE, 'base64url');
    const expected = createHash('sha256')
      .update(Buffer.concat([Buffer.from('tw/signin/1\0'), nonce]))
      .digest();
    expect(Buffer.from(await ceremonyChallenge(NONCE))).toEqual(expected);
  });

  it('is made of 32 bytes only: a gateway cannot shift the boundary to the label', () => {
    for (const length of [0, 16, 31, 33, 64]) expect(() => ceremonyInput(new Uint8Array(length))).toThrow('nonce');
  });
});

describe('signing in with a passkey', () => {
  it('asks the authenticator for the challenge of the nonce and hands its answer over', async () => {
    const { request, asked } = gateway({ nonce: NONCE, rpId: 'localhost', timeoutMs: 120_000 }, SIGNED_IN);
    const signedIn = await signInWithPasskey(request, {
      async get(question) {
        expect(question).toEqual({
          challenge: await ceremonyChallenge(NONCE),
          ...{ rpId: 'localhost', timeout: 120_000, userVerification: 'required' },
        });
        return { id: 'credential' };
      },
    });
    expect(signedIn).toEqual(SIGNED_IN);
    expect(asked).toEqual([
      ['POST', '/api/sign-in/webauthn/options', {}],
      ['POST', '/api/sign-in/webauthn', { nonce: NONCE, credential: { id: 'credential' }, password: undefined }],
    ]);
  });

  it('refuses options that hold another thing than a nonce of 32 bytes', async () => {
    const { request } = gateway({ nonce: 'AAAA', rpId: 'localhost', timeoutMs: 1 });
    await expect(signInWithPasskey(request, { get: async () => ({}) })).rejects.toThrow('UNAVAILABLE');
  });
});

describe('adding a passkey', () => {
  it('asks for one that stays on the authenticator and verifies its user', async () => {
    const options = {
      ...{ nonce: NONCE, rpId: 'localhost', rpName: 'LGWAN Telework', userHandle: 'AQID', userName: 'tanaka' },
      ...{ displayName: '田中太郎', exclude: ['BAUG'], attestation: 'none' },
    };
    const { request, asked } = gateway(options, {});
    const seen: NewPasskey[] = [];
    await addPasskey(
      request,
      {
        async create(options) {
          seen.push(options);
          return { id: 'new' };
        },
      },
      '職場の鍵',
    );
    expect(seen[0]).toMatchObject({
      challenge: await ceremonyChallenge(NONCE),
      rp: { id: 'localhost', name: 'LGWAN Telework' },
      user: { id: Uint8Array.of(1, 2, 3), name: 'tanaka', displayName: '田中太郎' },
      excludeCredentials: [{ type: 'public-key', id: Uint8Array.of(4, 5, 6) }],
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
    expect(asked[1]).toEqual([
      'POST',
      '/api/factors/webauthn',
      { nonce: NONCE, name: '職場の鍵', credential: { id: 'new' } },
    ]);
  });
});
