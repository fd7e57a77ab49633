import { type CryptoKey, generateKeyPair, SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { CLOCK_SKEW_SECONDS, GRANT_LIFE_SECONDS, GRANT_MAX_BYTES } from '#protocol/limits.ts';
import { type GrantKey, signGrant, signLease, verifyGrant, verifyLease } from '#protocol/outer/grant.ts';

const NOW = Date.UTC(2026, 10, 22, 9, 0, 0);
const DIGEST = 'A'.repeat(43);
const CLAIMS: Parameters<typeof signGrant>[1] = {
  aud: '131016/office/desk-1',
  sub: 'tanaka',
  municipality: '131016',
  cnf: { 'x5t#S256': DIGEST },
  amr: ['mtls', 'otp'],
  session: '0'.repeat(32),
  epoch: 0,
  mode: 'open',
  policy: { idleSeconds: 900, overallSeconds: 43_200 },
  hello: DIGEST,
  jti: 'B'.repeat(22),
};
const LEASE = { session: '0'.repeat(32), epoch: 0, nonce: 'C'.repeat(22) };

let [signer, pin, otherSigner]: GrantKey[] = [];
let privateKey: CryptoKey;

beforeAll(async () => {
  const [pair, other] = [await generateKeyPair('ES256'), await generateKeyPair('ES256')];
  privateKey = pair.privateKey;
  signer = { kid: 'one', key: pair.privateKey };
  pin = { kid: 'one', key: pair.publicKey };
  otherSigner = { kid: 'one', key: other.privateKey };
});

const key = (value: GrantKey | undefined): GrantKey => {
  if (!value) throw new Error('no key yet');
  return value;
};
const grant = (): Promise<string> => signGrant(key(signer), CLAIMS, NOW);
const check = (jws: string, at = NOW): Promise<unknown> => verifyGrant([key(pin)], jws, at);

/** A JWS of the true key with whatever header and claims. */
function forged(header: Record<string, unknown>, claims: Record<string, unknown>): Promise<string> {
  const iat = NOW / 1000;
  return new SignJWT({ ...CLAIMS, iss: 'telework-gateway', iat, exp: iat + 30, ...claims })
    .setProtectedHeader({ alg: 'ES256', typ: 'tw-grant+jwt', kid: 'one', ...header })
    .sign(privateKey);
}

describe('a grant', () => {
  it('says what the gateway signed', async () => {
    const iat = NOW / 1000;
    const claims = { ...CLAIMS, iss: 'telework-gateway', iat, exp: iat + GRANT_LIFE_SECONDS };
    expect(await check(await grant())).toEqual(claims);
  });

  it('holds for its 30 seconds and the allowed skew, on both sides', async () => {
    const jws = await grant();
    const last = (GRANT_LIFE_SECONDS + CLOCK_SKEW_SECONDS) * 1000;
    await check(jws, NOW + last - 1000);
    await check(jws, NOW - (CLOCK_SKEW_SECONDS - 1) * 1000);
    await expect(check(jws, NOW + last + 1000)).rejects.toThrow('GRANT_EXPIRED');
    await expect(check(jws, NOW - 60_000 - 1000)).rejects.toThrow('GRANT_MALFORMED');
  });

  it('lives no longer than a grant may, even if its maker says so', async () => {
    const jws = await forged({}, { exp: NOW / 1000 + 86_400 });
    await expect(check(jws, NOW + 3_600_000)).rejects.toThrow(/GRANT_(EXPIRED|MALFORMED)/);
  });

  it('is refused from another key, and from a key that is not pinned', async () => {
    await expect(check(await signGrant(key(otherSigner), CLAIMS, NOW))).rejects.toThrow('GRANT_SIGNATURE');
    await expect(check(await signGrant({ ...key(signer), kid: 'two' }, CLAIMS, NOW))).rejects.toThrow(
      'GRANT_SIGNATURE',
    );
    await expect(verifyGrant([], await grant(), NOW)).rejects.toThrow('GRANT_SIGNATURE');
  });

  it('is found by its key id among two pins, as at a roll-over', async () => {
    const pins = [{ kid: 'old', key: key(pin).key }, key(pin)];
    expect(await verifyGrant(pins, await grant(), NOW)).toMatchObject({ sub: 'tanaka' });
  });

  it('is no lease, and a lease is no grant (T06)', async () => {
    await expect(verifyLease([key(pin)], await grant(), NOW)).rejects.toThrow('GRANT_MALFORMED');
    await expect(check(await signLease(key(signer), LEASE, NOW))).rejects.toThrow('GRANT_MALFORMED');
    await expect(check(await forged({ typ: 'tw-lease+jwt' }, {}))).rejects.toThrow('GRANT_MALFORMED');
  });

  it.each([
    ['typ', { typ: 'JWT' }],
    ['no typ', { typ: undefined }],
    ['no kid', { kid: undefined }],
    ['an extension it does not know', { crit: ['x'], x: 1 }],
  ])('is refused with another header: %s', async (_, header) => {
    const jws = await forged(header, {}).catch(() => 'cannot.be.made');
    await expect(check(jws)).rejects.toThrow(/GRANT_(MALFORMED|SIGNATURE)/);
  });

  it('is refused without a signature, or with HMAC over the public key', async () => {
    const payload = (await grant()).split('.')[1];
    const header = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    for (const alg of ['none', 'HS256', 'ES384', 'RS256']) {
      const head = header({ alg, typ: 'tw-grant+jwt', kid: 'one' });
      for (const tail of ['', 'AAAA']) {
        await expect(check(`${head}.${payload}.${tail}`)).rejects.toThrow('GRANT_MALFORMED');
      }
    }
  });

  it.each<[string, Record<string, unknown>]>([
    ['another issuer', { iss: 'someone' }],
    ['a claim too many', { admin: true }],
    ['no session', { session: undefined }],
    ['a desktop that is none', { aud: '131016/office' }],
    ['two desktops', { aud: ['131016/office/desk-1', '131016/office/desk-2'] }],
    ['a user that is none', { sub: '../tanaka' }],
    ['a negative epoch', { epoch: -1 }],
    ['a fractional epoch', { epoch: 0.5 }],
    ['an unknown mode', { mode: 'shadow' }],
    ['an unknown factor', { amr: ['mtls', 'sms'] }],
    ['one factor', { amr: ['mtls'] }],
    ['no limits', { policy: {} }],
    ['no end', { exp: undefined }],
    ['no beginning', { iat: undefined }],
    ['a short jti', { jti: 'B' }],
  ])('is refused with %s', async (_, claims) => {
    await expect(check(await forged({}, claims))).rejects.toThrow('GRANT_MALFORMED');
  });

  it('is refused with any character of it changed', async () => {
    const jws = await grant();
    for (let at = 0; at < jws.length; at += 7) {
      const changed = `${jws.slice(0, at)}${jws[at] === 'A' ? 'B' : 'A'}${jws.slice(at + 1)}`;
      await expect(check(changed), `${at}`).rejects.toThrow(/GRANT_/);
    }
  });

  it('is bounded before it is parsed', async () => {
    await expect(check('A'.repeat(GRANT_MAX_BYTES + 1))).rejects.toThrow('too long');
    expect((await grant()).length).toBeLessThan(GRANT_MAX_BYTES / 2);
  });
});

describe('a lease', () => {
  it('says session, epoch and nonce, for a short time', async () => {
    const jws = await signLease(key(signer), LEASE, NOW);
    expect(await verifyLease([key(pin)], jws, NOW)).toMatchObject(LEASE);
    await expect(verifyLease([key(pin)], jws, NOW + 120_000)).rejects.toThrow('GRANT_EXPIRED');
  });
});
