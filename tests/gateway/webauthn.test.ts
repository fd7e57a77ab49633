// One negative test for each step of WebAuthn Level 3 §7.1 and §7.2 that applies here (B3, T19).
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAssertion, verifyAssertion, verifyRegistration } from '#gateway/sign-in/webauthn.ts';
import { type Reason, Refusal } from '#protocol/codes.ts';
import {
  type Algorithm,
  BE,
  BS,
  bytes,
  type CredentialJson,
  coseKey,
  integer,
  map,
  SoftAuthenticator,
  text,
  UP,
  UV,
  type Wrong,
} from '#tests/support/authenticator.ts';

const ORIGIN = 'https://telework.example.jp';
const RP_ID = 'telework.example.jp';
const NOW = 1_800_000_000_000;
const HANDLE = randomBytes(32);
const challenge = () => Uint8Array.from(randomBytes(32));
const RUNS = { numRuns: process.env.SLOW ? 2_000 : 200 };

async function outcome(work: Promise<unknown>): Promise<Reason | 'accepted'> {
  try {
    await work;
    return 'accepted';
  } catch (error) {
    // Anything else would be a fault of the program, such as a parser that ran off the end.
    if (error instanceof Refusal) return error.reason;
    throw error;
  }
}

const register = (credential: unknown, expected: Uint8Array<ArrayBuffer>) =>
  verifyRegistration(credential, { challenge: expected, origin: ORIGIN, rpId: RP_ID }, null, NOW);

async function registered(algorithm: Algorithm = 'ES256') {
  const authenticator = new SoftAuthenticator(ORIGIN, RP_ID, algorithm);
  const first = challenge();
  const { publicKey } = await register(authenticator.create(first, HANDLE), first);
  return { authenticator, publicKey };
}

describe('a sign-in by passkey (§7.2)', () => {
  const signIn = async (wrong: Wrong, algorithm: Algorithm = 'ES256') => {
    const { authenticator, publicKey } = await registered(algorithm);
    const expected = { challenge: challenge(), origin: ORIGIN, rpId: RP_ID };
    const json = authenticator.get(expected.challenge, wrong);
    return (async () => verifyAssertion(parseAssertion(json), publicKey, expected))();
  };

  it.for<Algorithm>(['ES256', 'EdDSA', 'RS256'])('is accepted with %s', async (algorithm) => {
    expect(await signIn({ flags: UP | UV | BE | BS }, algorithm)).toEqual({
      ...{ counter: 1, backupEligible: true, backedUp: true },
    });
  });

  const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const edited = (change: (json: CredentialJson) => void) => ({
    json(credential: CredentialJson) {
      change(credential);
      return credential;
    },
  });
  it.for<[string, Wrong, Reason]>([
    ['step 5: not a public key', edited((json) => Object.assign(json, { type: 'password' })), 'PASSKEY_MALFORMED'],
    ['step 5: two ids', edited((json) => Object.assign(json, { rawId: 'AAAA' })), 'PASSKEY_MALFORMED'],
    [
      'step 6: no user handle',
      edited(({ response }) => Object.assign(response, { userHandle: null })),
      'PASSKEY_MALFORMED',
    ],
    [
      'step 9: client data that is no JSON',
      edited(({ response }) => Object.assign(response, { clientDataJSON: 'AAAA' })),
      'PASSKEY_MALFORMED',
    ],
    ['step 10: made for a registration', { type: 'webauthn.create' }, 'PASSKEY_TYPE'],
    ['step 10: made for a payment', { type: 'payment.get' }, 'PASSKEY_TYPE'],
    ['step 11: another challenge', { challenge: randomBytes(32) }, 'PASSKEY_CHALLENGE'],
    ['step 12: another origin', { origin: 'https://telework.example.jp.evil.example' }, 'PASSKEY_ORIGIN'],
    ['step 12: http', { origin: 'http://telework.example.jp' }, 'PASSKEY_ORIGIN'],
    ['step 12: another port', { origin: 'https://telework.example.jp:8443' }, 'PASSKEY_ORIGIN'],
    ['step 13: in a frame of another site', { crossOrigin: true }, 'PASSKEY_CROSS_ORIGIN'],
    ['step 13: a top origin', { topOrigin: ORIGIN }, 'PASSKEY_CROSS_ORIGIN'],
    ['step 14: another relying party', { rpId: 'example.jp' }, 'PASSKEY_RP_ID'],
    ['step 15: nobody present', { flags: UV }, 'PASSKEY_NOT_PRESENT'],
    ['step 16: user not verified', { flags: UP }, 'PASSKEY_NOT_VERIFIED'],
    ['step 17: backed up, but cannot be', { flags: UP | UV | BS }, 'PASSKEY_BACKUP'],
    [
      'step 20: a signature with a bit turned',
      {
        signature(right) {
          right[right.length - 1] = (right.at(-1) ?? 0) ^ 1;
          return right;
        },
      },
      'PASSKEY_SIGNATURE',
    ],
    ['step 20: no signature at all', { signature: () => Buffer.of(0) }, 'PASSKEY_SIGNATURE'],
    ['a byte left over', { authData: (right) => Buffer.concat([right, Buffer.of(0)]) }, 'PASSKEY_SIGNATURE'],
    ['too short', { authData: (right) => right.subarray(0, 36) }, 'PASSKEY_MALFORMED'],
  ])('is refused at %s', async ([, wrong, reason]) => {
    expect(await outcome(signIn(wrong))).toBe(reason);
  });

  it('is refused with another key, though everything else is right', async () => {
    const { authenticator } = await registered();
    const expected = { challenge: challenge(), origin: ORIGIN, rpId: RP_ID };
    const assertion = parseAssertion(authenticator.get(expected.challenge));
    const key = Uint8Array.from(coseKey(otherKey.publicKey, 'ES256'));
    expect(await outcome(verifyAssertion(assertion, key, expected))).toBe('PASSKEY_SIGNATURE');
  });

  it('says nothing of what was sent, whatever the library says', async () => {
    const secret = 'https://secret.example';
    const refusal = await signIn({ origin: secret }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Refusal);
    expect((refusal as Refusal).message).not.toContain('secret');
  });

  it('fails with a refusal for any JSON in its place', async () => {
    const { publicKey } = await registered();
    const expected = { challenge: challenge(), origin: ORIGIN, rpId: RP_ID };
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        expect(await outcome((async () => verifyAssertion(parseAssertion(value), publicKey, expected))())).toBe(
          'PASSKEY_MALFORMED',
        );
      }),
      RUNS,
    );
  });

  it('fails with a refusal for any bytes in its fields, and for every bit turned', async () => {
    const { authenticator, publicKey } = await registered();
    const expected = { challenge: challenge(), origin: ORIGIN, rpId: RP_ID };
    const right = authenticator.get(expected.challenge);
    const field = fc.constantFrom('clientDataJSON', 'authenticatorData', 'signature');
    await fc.assert(
      fc.asyncProperty(field, fc.nat(), fc.integer({ min: 1, max: 255 }), async (name, at, mask) => {
        const changed = Buffer.from(String(right.response[name]), 'base64url');
        // Of a signature the end of s only: the library overlooks some of DER's framing, which no challenge is good for twice.
        const index = name === 'signature' ? changed.length - 1 - (at % 16) : at % changed.length;
        changed[index] = (changed[index] ?? 0) ^ mask;
        const json = { ...right, response: { ...right.response, [name]: changed.toString('base64url') } };
        expect(await outcome((async () => verifyAssertion(parseAssertion(json), publicKey, expected))())).not.toBe(
          'accepted',
        );
      }),
      RUNS,
    );
  });
});

describe('a registration (§7.1)', () => {
  const tryWith = (
    wrong: Parameters<SoftAuthenticator['create']>[2],
    algorithm: Algorithm = 'ES256',
  ): Promise<unknown> => {
    const expected = challenge();
    return register(new SoftAuthenticator(ORIGIN, RP_ID, algorithm).create(expected, HANDLE, wrong), expected);
  };

  it.for<Algorithm>(['ES256', 'EdDSA', 'RS256'])(
    'is accepted with %s, with and without self attestation',
    async (algorithm) => {
      for (const attestation of ['none', 'self'] as const) {
        expect(await tryWith({ attestation }, algorithm)).toMatchObject({ hardwareBound: false, counter: 0 });
      }
    },
  );

  const rsa1024 = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });
  const point = (value: string | undefined) => bytes(Buffer.from(value ?? '', 'base64url'));
  const es256 = (curve: number, x: Buffer, y: Buffer, algorithm = -7) =>
    map([
      ...[[integer(1), integer(2)] as const, [integer(3), integer(algorithm)] as const],
      ...[[integer(-1), integer(curve)] as const, [integer(-2), x] as const, [integer(-3), y] as const],
    ]);
  const offCurve = bytes(Buffer.alloc(32, 1));

  it.for<[string, Parameters<SoftAuthenticator['create']>[2], Reason]>([
    ['step 7: made for a sign-in', { type: 'webauthn.get' }, 'PASSKEY_TYPE'],
    ['step 8: another challenge', { challenge: randomBytes(32) }, 'PASSKEY_CHALLENGE'],
    ['step 9: another origin', { origin: 'https://evil.example' }, 'PASSKEY_ORIGIN'],
    ['step 10: in a frame of another site', { crossOrigin: true }, 'PASSKEY_CROSS_ORIGIN'],
    ['step 11: a top origin', { topOrigin: 'https://evil.example' }, 'PASSKEY_CROSS_ORIGIN'],
    ['step 14: another relying party', { rpId: 'evil.example' }, 'PASSKEY_RP_ID'],
    ['step 15: nobody present', { flags: UV }, 'PASSKEY_NOT_PRESENT'],
    ['step 16: user not verified', { flags: UP }, 'PASSKEY_NOT_VERIFIED'],
    ['step 17: backed up, but cannot be', { flags: UP | UV | BS }, 'PASSKEY_BACKUP'],
    [
      'step 20: an algorithm that was not asked for',
      { coseKey: es256(1, offCurve, offCurve, -35) },
      'FACTOR_NOT_ADDED',
    ],
    ['step 20: ES256 on another curve', { coseKey: es256(2, point(p384.x), point(p384.y)) }, 'FACTOR_NOT_ADDED'],
    ['step 20: a point beside its curve', { coseKey: es256(1, offCurve, offCurve) }, 'FACTOR_NOT_ADDED'],
    ['step 20: RSA of 1,024 bits', { coseKey: coseKey(rsa1024, 'RS256') }, 'FACTOR_NOT_ADDED'],
    ['step 20: no key', { coseKey: map([]) }, 'FACTOR_NOT_ADDED'],
    ['step 21: an unknown attestation', { attestation: 'self', format: 'tpm' }, 'FACTOR_NOT_ADDED'],
    ['step 21: a statement where there is none', { attestation: 'self', format: 'none' }, 'PASSKEY_SIGNATURE'],
    [
      'step 22: an attestation with a bit turned',
      {
        attestation: 'self',
        signature(right) {
          right[right.length - 1] = (right.at(-1) ?? 0) ^ 1;
          return right;
        },
      },
      'PASSKEY_SIGNATURE',
    ],
    ['step 25: another id inside', { innerId: randomBytes(32) }, 'PASSKEY_MALFORMED'],
    ['step 25: an id of 1,024 bytes', { innerId: randomBytes(1024) }, 'PASSKEY_MALFORMED'],
    ['no credential inside', { authData: (right) => right.subarray(0, 37) }, 'PASSKEY_MALFORMED'],
    ['a byte left over', { authData: (right) => Buffer.concat([right, Buffer.of(0)]) }, 'PASSKEY_MALFORMED'],
  ])('is refused at %s', async ([, wrong, reason]) => {
    expect(await outcome(tryWith(wrong))).toBe(reason);
  });

  it('fails with a refusal for any JSON in its place', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        expect(await outcome(register(value, challenge()))).toBe('PASSKEY_MALFORMED');
      }),
      RUNS,
    );
  });

  it('fails with a refusal for any bytes as its attestation object, nested ones too', async () => {
    const expected = challenge();
    const right = new SoftAuthenticator(ORIGIN, RP_ID).create(expected, HANDLE);
    const deep = Buffer.concat([Buffer.alloc(6_000, 0x81), integer(0)]);
    const more = Buffer.concat([Buffer.from(String(right.response.attestationObject), 'base64url'), Buffer.of(0)]);
    const huge = Buffer.from('9b7fffffffffffffff', 'hex');
    const fake = map([[text('fmt'), text('none')]]);
    const tryBytes = (value: Uint8Array) => {
      const attestationObject = Buffer.from(value).toString('base64url');
      return outcome(register({ ...right, response: { ...right.response, attestationObject } }, expected));
    };
    for (const value of [deep, huge, fake, more, Buffer.alloc(0)])
      expect(await tryBytes(value)).toBe('PASSKEY_MALFORMED');
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (value) => {
        expect(await tryBytes(value)).toBe('PASSKEY_MALFORMED');
      }),
      RUNS,
    );
  });

  it('fails with a refusal for every bit turned in what is signed', async () => {
    const expected = challenge();
    const right = new SoftAuthenticator(ORIGIN, RP_ID).create(expected, HANDLE, { attestation: 'self' });
    const whole = Buffer.from(String(right.response.attestationObject), 'base64url');
    // As above: of the signature's DER the library overlooks some.
    const framing = whole.indexOf(text('sig')) + 4 + 2;
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        fc.pre(at < framing || at >= framing + 6);
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] ?? 0) ^ mask;
        const json = { ...right, response: { ...right.response, attestationObject: changed.toString('base64url') } };
        expect(await outcome(register(json, expected))).not.toBe('accepted');
      }),
      RUNS,
    );
  });
});
