import { beforeEach, describe, expect, it } from 'vitest';
import { Admission } from '#agent/admission.ts';
import type { Home } from '#agent/home.ts';
import { toBase64Url } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { makeShares, readHello } from '#protocol/inner/handshake.ts';
import { Suite } from '#protocol/inner/suites.ts';
import { CLOCK_SKEW_SECONDS, GRANT_LIFE_SECONDS, HALF_OPEN_PER_DESKTOP_MAX } from '#protocol/limits.ts';
import type { GrantClaims } from '#protocol/outer/grant.ts';
import {
  clockAt,
  DESKTOP,
  grantFor,
  grantKey,
  homeWith,
  type KeyPair,
  rememberingAudit,
  SESSION,
  storeIn,
} from './parts.ts';

const reasonOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'accepted',
    (error) => (error instanceof Refusal ? error.reason : String(error)),
  );

describe('the agent admits an offer', () => {
  const clock = clockAt(Date.parse('2026-11-22T00:00:00Z'));
  let keys: KeyPair;
  let audit: ReturnType<typeof rememberingAudit>;
  let admission: Admission;
  let home: Home;

  beforeEach(async () => {
    keys = await grantKey();
    audit = rememberingAudit();
    home = homeWith([keys.pin]);
    admission = new Admission(home, storeIn(clock), audit, clock.now);
  });

  const grant = (changed: Partial<GrantClaims> = {}, at = clock.ms) => grantFor(keys.signer, at, changed);

  it('when everything fits', async () => {
    expect(await reasonOf(admission.offer(SESSION, await grant()))).toBe('accepted');
  });

  it('of a desktop that is withdrawn no more, nor anything while its configuration cannot be used', async () => {
    home.fail('agent.json: not valid JSON');
    expect(await reasonOf(admission.offer(SESSION, await grant()))).toBe('SETTINGS_UNUSABLE');
    home.change({ desktops: new Map(), pins: home.pins });
    expect(await reasonOf(admission.offer(SESSION, await grant()))).toBe('GRANT_OTHER_DESKTOP');
  });

  it.for<[string, Partial<GrantClaims>, string]>([
    ['another desktop', { aud: '131016/soumu/pc-02' }, 'GRANT_OTHER_DESKTOP'],
    ['another municipality (T17)', { municipality: '132012' }, 'GRANT_MISMATCH'],
    ['another session than the one told', { session: 'f'.repeat(32) }, 'GRANT_MISMATCH'],
    ['a later epoch', { epoch: 1 }, 'GRANT_MISMATCH'],
    ['a resume, which this version does not know', { mode: 'resume' }, 'GRANT_MISMATCH'],
  ])('but not for %s', async ([, changed, reason]) => {
    expect(await reasonOf(admission.offer(SESSION, await grant(changed)))).toBe(reason);
  });

  it('but not under a key that is not pinned, nor with a claim changed (T06)', async () => {
    const stranger = await grantKey();
    expect(await reasonOf(admission.offer(SESSION, await grantFor(stranger.signer, clock.ms)))).toBe('GRANT_SIGNATURE');
    const [head, body, signature] = (await grant()).split('.') as [string, string, string];
    const forged = Buffer.from(Buffer.from(body, 'base64url').toString().replace('tanaka', 'suzuki')).toString(
      'base64url',
    );
    expect(await reasonOf(admission.offer(SESSION, `${head}.${forged}.${signature}`))).toBe('GRANT_SIGNATURE');
    expect(await reasonOf(admission.offer(SESSION, 'not a grant'))).toBe('GRANT_MALFORMED');
  });

  it('but not after it has expired, beyond the allowed skew', async () => {
    const late = (GRANT_LIFE_SECONDS + CLOCK_SKEW_SECONDS + 1) * 1000;
    const old = await grant({}, clock.ms - late);
    expect(['GRANT_EXPIRED', 'GRANT_MALFORMED']).toContain(await reasonOf(admission.offer(SESSION, old)));
  });

  it('only once, also when a hundred come at the same time (T06)', async () => {
    const jws = await grant();
    const reasons = await Promise.all(Array.from({ length: 10 }, () => reasonOf(admission.offer(SESSION, jws))));
    expect(reasons.filter((reason) => reason === 'accepted')).toHaveLength(1);
  });

  it('with at most two half-open handshakes a desktop, and again when one is over', async () => {
    const admitted = [];
    for (let i = 0; i < HALF_OPEN_PER_DESKTOP_MAX; i++) admitted.push(await admission.offer(SESSION, await grant()));
    expect(await reasonOf(admission.offer(SESSION, await grant()))).toBe('HALF_OPEN_EXCEEDED');
    admitted[0]?.done();
    admitted[0]?.done();
    expect(await reasonOf(admission.offer(SESSION, await grant()))).toBe('accepted');
    expect(await reasonOf(admission.offer(SESSION, await grant()))).toBe('HALF_OPEN_EXCEEDED');
  });

  it('within a rate', async () => {
    for (let i = 0; i < 12; i++) (await admission.offer(SESSION, await grant())).done();
    expect(await reasonOf(admission.offer(SESSION, await grant()))).toBe('GRANT_RATE');
    clock.ms += 61_000;
    expect(await reasonOf(admission.offer(SESSION, await grant()))).toBe('accepted');
  });

  it('not while the audit log cannot be written (G4)', async () => {
    audit.healthy = false;
    expect(await reasonOf(admission.offer(SESSION, await grant()))).toBe('AUDIT_UNWRITABLE');
  });

  describe('and then its hello', () => {
    async function helloFor(jws: string, digest: (own: Uint8Array) => Uint8Array = (own) => own) {
      const shares = await makeShares(nodeCipher, Suite.p256, 'open');
      const granted = await grant({ hello: toBase64Url(digest(shares.digest)) });
      const parameters = { session: SESSION, epoch: 0, municipality: '131016', desktop: DESKTOP, lastReceived: 0 };
      const { record } = await shares.hello({ ...parameters, grant: jws || granted });
      return { granted, hello: readHello(record) };
    }

    it('once, with the granted key shares', async () => {
      const { granted, hello } = await helloFor('');
      const admitted = await admission.offer(SESSION, granted);
      expect(await reasonOf(admission.hello(admitted, hello, nodeCipher))).toBe('accepted');
      expect(await reasonOf(admission.hello(admitted, hello, nodeCipher))).toBe('GRANT_REPLAYED');
    });

    it('not with other key shares than the gateway signed for (T04)', async () => {
      const { granted, hello } = await helloFor('', () => nodeCipher.random(32));
      const admitted = await admission.offer(SESSION, granted);
      expect(await reasonOf(admission.hello(admitted, hello, nodeCipher))).toBe('GRANT_MISMATCH');
    });

    it('not with another grant than the offered one', async () => {
      const { granted, hello } = await helloFor(await grant());
      const admitted = await admission.offer(SESSION, granted);
      expect(await reasonOf(admission.hello(admitted, hello, nodeCipher))).toBe('GRANT_MISMATCH');
    });
  });
});
