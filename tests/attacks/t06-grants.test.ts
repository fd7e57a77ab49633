// T06: the gateway's signed statements in the hands of whoever stands between: forged, bent, replayed, swapped. What must
// hold: a grant opens one session, of one user, at one desktop, for one hello, once; a lease keeps one session, and each
// is signed by a key that the agent's own configuration pins.
import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, exportSPKI } from 'jose';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Admission, type Admitted } from '#agent/admission.ts';
import { Lease } from '#agent/lease.ts';
import { openSqliteStore } from '#platform/state/sqlite.ts';
import type { Store } from '#platform/state/store.ts';
import { toBase64Url } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { makeShares, readHello } from '#protocol/inner/handshake.ts';
import { DEFAULT_SUITE } from '#protocol/inner/suites.ts';
import { CLOCK_SKEW_SECONDS, GRANT_LIFE_SECONDS, GRANT_MAX_BYTES } from '#protocol/limits.ts';
import { type GrantClaims, type GrantKey, signLease, verifyGrant, verifyLease } from '#protocol/outer/grant.ts';
import { DESKTOP, grantFor, grantKey, homeWith, type KeyPair, rememberingAudit, SESSION } from '../agent/parts.ts';

const OTHER_SESSION = 'f'.repeat(32);
const OTHER_DESKTOP = '131016/soumu/pc-02';
const START = Date.parse('2026-11-22T00:00:00Z');

let now: number;
let gateway: KeyPair;
let store: Store;
let path: string;
let admission: Admission;

beforeEach(async () => {
  now = START;
  gateway = await grantKey('k1');
  path = join(mkdtempSync(join(tmpdir(), 'telework-t06-')), 'agent.db');
  admission = agent([gateway.pin]);
});

/** An agent with what its disk holds: the same one after a restart. */
function agent(pins: readonly GrantKey[]): Admission {
  const opened = openSqliteStore(path, { now: () => now });
  store = opened;
  onTestFinished(() => opened.close());
  return new Admission(homeWith(pins, [DESKTOP, OTHER_DESKTOP]), store, rememberingAudit(), () => now);
}

const outcome = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'accepted',
    (error) => (error instanceof Refusal ? error.reason : `not a refusal: ${error}`),
  );
const offered = async (jws: string, session = SESSION) =>
  outcome(admission.offer(session, jws).then(({ done }) => done()));
const grant = (changed: Partial<GrantClaims> = {}) => grantFor(gateway.signer, now, changed);

type Part = Record<string, unknown>;
const encode = (part: Part): string => Buffer.from(JSON.stringify(part)).toString('base64url');
const decode = (part: string | undefined): Part => JSON.parse(Buffer.from(part ?? '', 'base64url').toString());

interface Token {
  header: Part;
  claims: Part;
  signature: string;
}

function taken(jws: string): Token {
  const [header, claims, signature = ''] = jws.split('.');
  return { header: decode(header), claims: decode(claims), signature };
}

const put = ({ header, claims, signature }: Token): string => `${encode(header)}.${encode(claims)}.${signature}`;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** The character whose last bit alone differs. */
const neighbourOf = (character: string): string => ALPHABET.charAt(ALPHABET.indexOf(character) ^ 1);

/** Signed with ES256 by a key that is not pinned. */
const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' });
function signedByAttacker(header: Part, claims: Part): string {
  const input = `${encode(header)}.${encode(claims)}`;
  const key = { key: attacker.privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return `${input}.${createSign('sha256').update(input).sign(key).toString('base64url')}`;
}

describe('a forged grant', () => {
  it('without a signature is refused, whatever its header says of that', async () => {
    const { header, claims } = taken(await grant());
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '', null, 0]) {
      for (const signature of ['', 'AA', 'A'.repeat(86)]) {
        expect(await offered(put({ header: { ...header, alg }, claims, signature }))).toBe('GRANT_MALFORMED');
      }
    }
    const { alg: _, ...without } = header;
    expect(await offered(put({ header: without, claims, signature: 'A'.repeat(86) }))).toBe('GRANT_MALFORMED');
    // The positive control: with its own header it fails as a signature
    expect(await offered(put({ header, claims, signature: 'A'.repeat(86) }))).toBe('GRANT_SIGNATURE');
  });

  it('signed by HMAC with what everybody knows, the public key, is refused', async () => {
    const { header, claims } = taken(await grant());
    const jwk = await exportJWK(gateway.pin.key);
    const secrets = [
      await exportSPKI(gateway.pin.key),
      JSON.stringify(jwk),
      Buffer.concat([Uint8Array.of(4), Buffer.from(jwk.x ?? '', 'base64url'), Buffer.from(jwk.y ?? '', 'base64url')]),
      '',
    ];
    // HS512 has 64 bytes, as many as ES256
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      const input = `${encode({ ...header, alg })}.${encode(claims)}`;
      for (const secret of secrets) {
        const mac = createHmac(`sha${alg.slice(2)}`, secret)
          .update(input)
          .digest('base64url');
        expect(await offered(`${input}.${mac}`)).toBe('GRANT_MALFORMED');
      }
    }
  });

  it.each<[string, (header: Part) => Part]>([
    ['under the pinned key’s name', (header) => header],
    ['with its own key in the header', (header) => ({ ...header, jwk: attacker.publicKey.export({ format: 'jwk' }) })],
    ['with the address of its key', (header) => ({ ...header, jku: 'https://attacker.example/keys' })],
    ['with a certificate for its key', (header) => ({ ...header, x5c: ['MIIB'], x5u: 'https://attacker.example/c' })],
    ['that asks to be believed', (header) => ({ ...header, crit: ['trust'], trust: true })],
    ['whose claims are not encoded', (header) => ({ ...header, b64: false, crit: ['b64'] })],
  ])('signed by the attacker’s own key %s is refused', async (_, bend) => {
    const { header, claims } = taken(await grant());
    expect(await offered(signedByAttacker(bend(header), claims))).toMatch(/^GRANT_(SIGNATURE|MALFORMED)$/);
  });

  it.each<[string, unknown]>([
    ['a key that is not pinned', 'k2'],
    ['no key', undefined],
    ['a path', '../../k1'],
    ['a property of every object', '__proto__'],
    ['a list', ['k1']],
    ['an object', { toString: 'k1' }],
  ])('that names %s is refused', async (_, kid) => {
    const { header, claims, signature } = taken(await grant());
    expect(await offered(put({ header: { ...header, kid }, claims, signature }))).toMatch(
      /^GRANT_(SIGNATURE|MALFORMED)$/,
    );
  });

  it('does not come of a true one by changing any one claim', async () => {
    const { header, claims, signature } = taken(await grant());
    const bent: Part = {
      aud: OTHER_DESKTOP,
      sub: 'suzuki',
      municipality: '132012',
      session: OTHER_SESSION,
      epoch: 1,
      mode: 'pair',
      policy: { idleSeconds: 43_200, overallSeconds: 43_200 },
      hello: toBase64Url(nodeCipher.random(32)),
      jti: toBase64Url(nodeCipher.random(16)),
      exp: Number(claims.exp) + 3_600,
      iat: Number(claims.iat) + 1,
      amr: ['mtls', 'hwk'],
      cnf: { 'x5t#S256': 'A'.repeat(43) },
      iss: 'another-gateway',
    };
    expect(Object.keys(bent).sort()).toEqual(Object.keys(claims).sort());
    for (const [claim, value] of Object.entries(bent)) {
      const forged = put({ header, claims: { ...claims, [claim]: value }, signature });
      expect(await offered(forged, OTHER_SESSION), claim).toBe('GRANT_SIGNATURE');
      expect(await offered(forged), claim).toBe('GRANT_SIGNATURE');
    }
  });

  it('does not come of a true one by changing any one character', async () => {
    const jws = await grant();
    for (let at = jws.length - 1; at >= 0; at -= 3) {
      // Another last bit: at the end of the signature one that means nothing
      const bent = jws.slice(0, at) + neighbourOf(jws.charAt(at)) + jws.slice(at + 1);
      expect(await outcome(verifyGrant([gateway.pin], bent, now)), `${at}`).toMatch(/^GRANT_/);
    }
  });

  it.each<[string, (jws: string) => string]>([
    ['nothing', () => ''],
    ['dots', () => '..'],
    ['two in a row', (jws) => `${jws}.${jws}`],
    ['one with a tail', (jws) => `${jws}.`],
    ['one with a line break', (jws) => `${jws}\n`],
    ['one with blanks in its signature', (jws) => `${jws.slice(0, -9)}   ${jws.slice(-9)}`],
    ['one with padding', (jws) => `${jws}==`],
    ['the JSON form of a JWS', (jws) => JSON.stringify(taken(jws))],
    ['one without claims', (jws) => jws.replace(/\..*\./, '..')],
    ['one too long', (jws) => jws + 'A'.repeat(GRANT_MAX_BYTES)],
    ['a header of an array', (jws) => jws.replace(/^[^.]*/, Buffer.from('[]').toString('base64url'))],
    ['an encrypted token', () => 'e30.e30.e30.e30.e30'],
  ])('that is %s is refused as a form', async (_, bend) => {
    expect(await offered(bend(await grant()))).toMatch(/^GRANT_(SIGNATURE|MALFORMED)$/);
  });

  it('is not what the gateway signs for something else: each statement has its own type', async () => {
    const lease = await signLease(gateway.signer, { session: SESSION, epoch: 0, nonce: 'A'.repeat(22) }, now);
    expect(await offered(lease)).toBe('GRANT_MALFORMED');
    expect(await outcome(verifyLease([gateway.pin], await grant(), now))).toBe('GRANT_MALFORMED');
    // Re-labelled, the signature does not fit any more
    for (const typ of ['tw-grant+jwt', 'JWT', undefined]) {
      const { header, claims, signature } = taken(lease);
      expect(await offered(put({ header: { ...header, typ }, claims, signature }))).toMatch(/^GRANT_/);
    }
  });

  it('by a compromised gateway gets no longer life than any: the agent looks at when it was signed', async () => {
    // The true key signs whatever times it likes
    const far = await grantFor(gateway.signer, now + 3_600_000);
    expect(await offered(far)).toMatch(/^GRANT_/);
    const old = await grantFor(gateway.signer, now - 3_600_000);
    expect(await offered(old)).toBe('GRANT_EXPIRED');
  });
});

describe('a grant key that changes', () => {
  it('is one of two pins while it does, each under its own name only', async () => {
    const next = await grantKey('k2');
    admission = agent([gateway.pin, next.pin]);
    expect(await offered(await grantFor(gateway.signer, now))).toBe('accepted');
    expect(await offered(await grantFor(next.signer, now))).toBe('accepted');
    expect(await offered(await grantFor({ kid: 'k2', key: gateway.signer.key }, now))).toBe('GRANT_SIGNATURE');
    expect(await offered(await grantFor({ kid: 'k1', key: next.signer.key }, now))).toBe('GRANT_SIGNATURE');
  });

  it('is worth nothing once its pin is gone, also for what it signed before', async () => {
    const next = await grantKey('k2');
    const before = await grant();
    admission = agent([next.pin]);
    expect(await offered(before)).toBe('GRANT_SIGNATURE');
  });
});

describe('a replayed grant', () => {
  it('is refused at every moment of its life, and after it', async () => {
    const jws = await grant();
    expect(await offered(jws)).toBe('accepted');
    const until = START + (GRANT_LIFE_SECONDS + CLOCK_SKEW_SECONDS + 30) * 1000;
    for (now = START; now <= until; now += 500) {
      expect(await offered(jws), `${now - START} ms later`).toMatch(/^GRANT_(REPLAYED|EXPIRED|RATE)$/);
    }
  });

  it('is refused to the millisecond at which its id is forgotten: by then it has expired', async () => {
    const jws = await grant();
    expect(await offered(jws)).toBe('accepted');
    const forgotten = START + (GRANT_LIFE_SECONDS + CLOCK_SKEW_SECONDS) * 1000;
    for (const at of [forgotten - 1, forgotten, forgotten + 1]) {
      now = at;
      expect(await offered(jws)).not.toBe('accepted');
    }
    expect(await store.get(`jti/${taken(jws).claims.jti}`)).toBeNull();
  });

  it('is refused after a restart of the agent', async () => {
    const jws = await grant();
    expect(await offered(jws)).toBe('accepted');
    await store.close();
    admission = agent([gateway.pin]);
    expect(await offered(jws)).toBe('GRANT_REPLAYED');
  });

  it('is refused to two who come at the same moment, but for one', async () => {
    const jws = await grant();
    // Two agents on one state: what another process would see
    const twin = agent([gateway.pin]);
    const outcomes = await Promise.all([admission, twin].map((one) => outcome(one.offer(SESSION, jws))));
    expect(outcomes.sort()).toEqual(['GRANT_REPLAYED', 'accepted']);
  });

  it('is refused in another spelling: the other signature that ECDSA has for it carries the same id', async () => {
    const jws = await grant();
    expect(await offered(jws)).toBe('accepted');
    const { header, claims, signature } = taken(jws);
    const twisted = twist(Buffer.from(signature, 'base64url')).toString('base64url');
    expect(twisted).not.toBe(signature);
    expect(await outcome(verifyGrant([gateway.pin], put({ header, claims, signature: twisted }), now))).toBe(
      'accepted',
    );
    expect(await offered(put({ header, claims, signature: twisted }))).toBe('GRANT_REPLAYED');
  });
});

/** (r, s) → (r, n − s): as good a signature of the same, by anybody (SEC 1 §4.1). */
function twist(signature: Buffer): Buffer {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const s = BigInt(`0x${signature.subarray(32).toString('hex')}`);
  return Buffer.concat([signature.subarray(0, 32), Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex')]);
}

describe('a grant and its hello', () => {
  const parameters = { epoch: 0, municipality: '131016', lastReceived: 0 };

  /** A client's hello for a grant that the gateway makes for it. */
  async function client(session: string, desktop = DESKTOP) {
    const shares = await makeShares(nodeCipher, DEFAULT_SUITE, 'open');
    const jws = await grant({ session, aud: desktop, hello: toBase64Url(shares.digest) });
    return {
      jws,
      session,
      hello: (changed: object = {}) => helloOf(shares, { session, desktop, grant: jws, ...changed }),
    };
  }

  async function helloOf(
    shares: Awaited<ReturnType<typeof makeShares>>,
    more: { session: string; desktop: string; grant: string },
  ) {
    return readHello((await shares.hello({ ...parameters, ...more })).record);
  }

  const greeted = (admitted: Admitted, hello: Parameters<Admission['hello']>[1]) =>
    outcome(admission.hello(admitted, hello, nodeCipher));

  it('swapped with another session’s, both in flight, open neither', async () => {
    const [one, two] = [await client(SESSION), await client(OTHER_SESSION, OTHER_DESKTOP)];
    // The broker offers each grant under the other's id
    expect(await offered(one.jws, OTHER_SESSION)).toBe('GRANT_MISMATCH');
    expect(await offered(two.jws, SESSION)).toBe('GRANT_MISMATCH');
    // Or the right way, and then swaps the data links
    const [first, second] = [await admission.offer(SESSION, one.jws), await admission.offer(OTHER_SESSION, two.jws)];
    expect(await greeted(first, await two.hello())).toBe('GRANT_MISMATCH');
    expect(await greeted(second, await one.hello())).toBe('GRANT_MISMATCH');
  });

  it('do not part: a hello with the same claims in another spelling is another grant', async () => {
    const one = await client(SESSION);
    const { header, claims, signature } = taken(one.jws);
    const twisted = put({
      header,
      claims,
      signature: twist(Buffer.from(signature, 'base64url')).toString('base64url'),
    });
    const admitted = await admission.offer(SESSION, one.jws);
    expect(await greeted(admitted, await one.hello({ grant: twisted }))).toBe('GRANT_MISMATCH');
  });

  it.each<[string, object]>([
    ['another session', { session: OTHER_SESSION }],
    ['another epoch', { epoch: 1 }],
    ['another desktop', { desktop: OTHER_DESKTOP }],
    ['another municipality', { municipality: '132012' }],
  ])('do not go together for %s', async (_, changed) => {
    const one = await client(SESSION);
    const admitted = await admission.offer(SESSION, one.jws);
    expect(await greeted(admitted, await one.hello(changed))).toBe('GRANT_MISMATCH');
  });

  it('are good for one hello of one data link', async () => {
    const one = await client(SESSION);
    const admitted = await admission.offer(SESSION, one.jws);
    const hello = await one.hello();
    const both = await Promise.all([greeted(admitted, hello), greeted(admitted, hello)]);
    expect(both.sort()).toEqual(['GRANT_REPLAYED', 'accepted']);
    expect(await offered(one.jws)).toBe('GRANT_REPLAYED');
  });
});

describe('a lease', () => {
  const leaseOf = (session: string) => new Lease(session, 0, 'k1', 0);
  const nonceOf = (lease: Lease) => lease.nonce(nodeCipher, 0);
  const answer = (session: string, nonce: string, signer = gateway.signer, at = now) =>
    signLease(signer, { session, epoch: 0, nonce }, at);
  const given = (lease: Lease, jws: string) => outcome(lease.answered({ pins: [gateway.pin] }, jws, now));

  it('swapped between two sessions keeps neither', async () => {
    const [one, two] = [leaseOf(SESSION), leaseOf(OTHER_SESSION)];
    const [forOne, forTwo] = [await answer(SESSION, nonceOf(one)), await answer(OTHER_SESSION, nonceOf(two))];
    expect(await given(one, forTwo)).toBe('GRANT_MISMATCH');
    expect(await given(two, forOne)).toBe('GRANT_MISMATCH');
    // The broker swaps the nonces on their way, so that the gateway signs each under the other's session
    const crossed = await answer(OTHER_SESSION, nonceOf(one));
    expect(await given(one, crossed)).toBe('GRANT_MISMATCH');
    expect(await given(two, crossed)).toBe('GRANT_MISMATCH');
  });

  it('forged, unsigned, or by a key that is not pinned keeps nothing', async () => {
    const lease = leaseOf(SESSION);
    const nonce = nonceOf(lease);
    const { header, claims, signature } = taken(await answer(SESSION, nonce));
    const stranger = await grantKey('k1');
    const forgeries = [
      put({ header: { ...header, alg: 'none' }, claims, signature: 'A'.repeat(86) }),
      signedByAttacker(header, claims),
      put({ header, claims: { ...claims, epoch: 1 }, signature }),
      await answer(SESSION, nonce, stranger.signer),
      await grant(),
    ];
    for (const forged of forgeries) expect(await given(lease, forged)).toMatch(/^GRANT_(SIGNATURE|MALFORMED)$/);
    expect(await given(lease, await answer(SESSION, nonce))).toBe('accepted');
  });

  it('kept back until it is old keeps nothing', async () => {
    const lease = leaseOf(SESSION);
    const jws = await answer(SESSION, nonceOf(lease));
    now += (GRANT_LIFE_SECONDS + CLOCK_SKEW_SECONDS + 1) * 1000;
    expect(await given(lease, jws)).toBe('GRANT_EXPIRED');
  });

  it('of an earlier life of the session keeps nothing: its nonce was never sent by this one', async () => {
    const before = leaseOf(SESSION);
    const jws = await answer(SESSION, nonceOf(before));
    expect(await given(leaseOf(SESSION), jws)).toBe('GRANT_MISMATCH');
  });
});
