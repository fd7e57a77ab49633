// T01: the device is stolen, the sign-in is not: certificate, device key, pins and a running sign-in session are in the
// thief's hands. Where a passkey is paired, the agent wants the person's own gesture, over this very session.
import { sign } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Code, Refusal } from '#protocol/codes.ts';
import type { Assertion } from '#protocol/inner/passkey.ts';
import type { PasskeyProver, Prover } from '#protocol/inner/proof.ts';
import { type BothEnds, bothEnds, DESKTOP, OTHER_DESKTOP, USER } from '#tests/support/both-ends.ts';
import { deviceKey, proverOf } from '#tests/support/end-to-end.ts';
import { until } from '#tests/support/memory-link.ts';
import { type Passkey, type SoftPasskey, softPasskey } from '#tests/support/passkey.ts';
import { type End, endOf } from '#web/core/ends.ts';
import type { Pinned } from '#web/core/open.ts';

let ends: BothEnds;
let mine: SoftPasskey;
let pinned: Pinned;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  ends = await bothEnds();
  mine = softPasskey();
  pinned = await pair(mine);
});
afterEach(() => vi.useRealTimers());

async function pair(prover: Prover, user = USER, desktop = DESKTOP, add = false): Promise<Pinned> {
  const { code } = await ends.pairings.issue(user, desktop, add);
  ends.claims = { sub: user };
  const learned = await ends.pair(code, { prover, user, desktop });
  ends.claims = {};
  return learned;
}

/** Opens and, if that goes through, ends again. */
async function outcome(prover: Prover, known: Partial<Pinned> = pinned): Promise<End | 'opened'> {
  try {
    (await ends.open({ prover }, known)).socket.close('ENDED');
    await until('the place is free', () => !ends.sessions.live(DESKTOP));
    return 'opened';
  } catch (error) {
    return endOf(error);
  }
}

const said = (code: Code): End => ({ code, authentic: true });
const lastRefusal = () => ends.audit.of('handshake-refused').at(-1);

describe('a paired passkey', () => {
  it('opens, each time by a new gesture, and the audit log says by what (positive control)', async () => {
    expect(pinned.credentialId).toEqual(mine.passkey.credentialId);
    expect(await outcome(mine)).toBe('opened');
    expect(await outcome(mine)).toBe('opened');
    expect(mine.given.assertions).toHaveLength(2);
    expect(ends.audit.of('pairing-made')).toEqual([expect.objectContaining({ user: USER, proof: 'passkey' })]);
    expect(ends.audit.of('user-verified').map(({ proof }) => proof)).toEqual(Array(3).fill('passkey'));
  });

  it('opens also where the client has forgotten which it was, if the authenticator knows', async () => {
    expect(await outcome(mine, { credentialId: null })).toBe('opened');
  });

  it('may be one that is synced and does not count: both are kept', async () => {
    const synced = softPasskey({ counter: 0, backupEligible: true, backedUp: true });
    pinned = await pair(synced);
    expect(await outcome(synced)).toBe('opened');
    synced.passkey.backedUp = false;
    expect(await outcome(synced)).toBe('opened');
    expect(await ends.pairings.list()).toEqual([
      expect.objectContaining({ kind: 'passkey', counter: 0, backupEligible: true, backedUp: false }),
    ]);
  });
});

describe('a stolen device key', () => {
  const stolen = proverOf(deviceKey);

  it('that the passkey has replaced is one like any other', async () => {
    expect(await outcome(stolen)).toEqual(said('NOT_PAIRED'));
    expect(lastRefusal()).toMatchObject({ reason: 'PROOF_WRONG' });
  });

  it('that is still paired opens nothing beside a passkey, and its holder is told why', async () => {
    await pair(stolen);
    expect(await outcome(stolen), 'before there is a passkey').toBe('opened');
    pinned = await pair(mine, USER, DESKTOP, true);
    expect(await outcome(stolen)).toEqual(said('PASSKEY_REQUIRED'));
    expect(lastRefusal()).toMatchObject({ reason: 'PROOF_NEEDS_PASSKEY' });
    expect(await outcome(mine)).toBe('opened');
  });

  it('tells a stranger with another key nothing of the passkey', async () => {
    await pair(stolen);
    const stranger = softPasskey();
    await pair(mine, USER, DESKTOP, true);
    expect(await outcome(stranger, { credentialId: null })).toEqual(said('NOT_PAIRED'));
    const other = proverOf({ ...deviceKey, sign: async () => new Uint8Array(64).fill(1) });
    expect(await outcome(other)).toEqual(said('NOT_PAIRED'));
  });

  it('is not added beside a passkey by a code that adds, and the code stays for the passkey', async () => {
    const { code } = await ends.pairings.issue(USER, DESKTOP, true);
    expect(await ends.pair(code, { prover: stolen }).catch(endOf)).toEqual(said('PASSKEY_REQUIRED'));
    const second = softPasskey();
    await ends.pair(code, { prover: second });
    expect((await ends.pairings.keysOf(USER, DESKTOP)).map(({ kind }) => kind)).toEqual(['passkey', 'passkey']);
    expect(await outcome(second, { credentialId: null })).toBe('opened');
  });

  it('is not what a passkey’s own key signs without a ceremony', async () => {
    const { key } = mine.passkey;
    const raw: Prover = proverOf({
      publicKey: new Uint8Array(65),
      sign: async (data) => new Uint8Array(sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' })),
    });
    expect(await outcome(raw)).toEqual(said('NOT_PAIRED'));
    expect(lastRefusal()).toMatchObject({ reason: 'PROOF_WRONG' });
  });

  it('proves nothing in a ceremony of its own making: the device’s signature is no assertion', async () => {
    const forged: PasskeyProver = {
      kind: 'passkey',
      create: mine.create,
      async get(challenge, ids) {
        const honest = await mine.get(challenge, ids);
        return { ...honest, signature: softDer(await deviceKey.sign(challenge)) };
      },
    };
    expect(await outcome(forged)).toEqual(said('PASSKEY_PROOF_REFUSED'));
    expect(lastRefusal()).toMatchObject({ reason: 'PROOF_PASSKEY_WRONG', detail: 'signature' });
  });
});

describe('an assertion is refused', () => {
  it.each<[string, Partial<Passkey>, string]>([
    ['from a page of another origin', { origin: 'https://telework.example.com' }, 'origin'],
    ['from a page without TLS', { origin: 'http://telework.example.jp' }, 'origin'],
    ['from another port', { origin: 'https://telework.example.jp:8443' }, 'origin'],
    ['from within a frame of somebody else', { crossOrigin: true }, 'cross origin'],
    ['for another rpId', { rpId: 'example.jp' }, 'rpId'],
    ['without the user verified', { userVerified: false }, 'user verified'],
    ['without the user present', { userPresent: false }, 'user present'],
    ['that says backed up and cannot be', { backedUp: true }, 'backed up, and not eligible'],
    ['that has become one that can be backed up', { backupEligible: true }, 'backup eligibility has changed'],
  ])('%s', async (_, lie, detail) => {
    const honest = { ...mine.passkey };
    Object.assign(mine.passkey, lie);
    expect(await outcome(mine)).toEqual(said('PASSKEY_PROOF_REFUSED'));
    expect(lastRefusal()).toMatchObject({ reason: 'PROOF_PASSKEY_WRONG', detail });
    Object.assign(mine.passkey, honest, { counter: mine.passkey.counter });
    expect(await outcome(mine), 'and nothing else was wrong').toBe('opened');
  });

  it('from another session: what it is over is another transcript', async () => {
    expect(await outcome(mine)).toBe('opened');
    const [recorded] = mine.given.assertions;
    expect(await outcome({ ...mine, get: async () => recorded as Assertion })).toEqual(said('PASSKEY_PROOF_REFUSED'));
    expect(lastRefusal()).toMatchObject({ reason: 'PROOF_PASSKEY_WRONG', detail: 'challenge' });
  });

  it('that was made for a pairing: the label is another, and so is the type', async () => {
    const attestation = mine.given.attestations[0] as Assertion;
    const dressed = { ...attestation, credentialId: mine.passkey.credentialId, signature: new Uint8Array(8) };
    expect(await outcome({ ...mine, get: async () => dressed })).toEqual(said('PASSKEY_PROOF_REFUSED'));
    expect(lastRefusal()).toMatchObject({ reason: 'PROOF_PASSKEY_WRONG', detail: 'type' });
  });

  it('of a copy that fell behind, and of one that came level', async () => {
    const copy = softPasskey({ ...mine.passkey });
    expect(await outcome(mine)).toBe('opened');
    expect(await outcome(mine)).toBe('opened');
    for (const counter of [1, 2, 0]) {
      copy.passkey.counter = counter;
      expect(await outcome(copy), `count ${counter}`).toEqual(said('PASSKEY_PROOF_REFUSED'));
      expect(lastRefusal()).toMatchObject({ reason: 'PROOF_COUNTER' });
    }
    expect(await outcome(mine)).toBe('opened');
  });

  it('by another user’s passkey, and by the same user’s for another desktop', async () => {
    const theirs = softPasskey();
    await pair(theirs, 'suzuki');
    const elsewhere = softPasskey();
    await pair(elsewhere, USER, OTHER_DESKTOP);
    for (const other of [theirs, elsewhere]) {
      expect(await outcome(other, { credentialId: null })).toEqual(said('NOT_PAIRED'));
      expect(lastRefusal()).toMatchObject({ reason: 'PROOF_CREDENTIAL_UNKNOWN' });
    }
  });

  it('by the sign-in credential, whatever id it gives: it is not the one that was paired', async () => {
    const signIn = softPasskey();
    expect(await outcome(signIn, { credentialId: null })).toEqual(said('NOT_PAIRED'));
    signIn.passkey.credentialId = mine.passkey.credentialId;
    expect(await outcome(signIn)).toEqual(said('PASSKEY_PROOF_REFUSED'));
    expect(lastRefusal()).toMatchObject({ reason: 'PROOF_PASSKEY_WRONG', detail: 'signature' });
  });

  it('after the pairing was revoked, also while the person held the key in the hand', async () => {
    const slow: PasskeyProver = {
      ...mine,
      async get(challenge, ids) {
        await ends.pairings.revoke(USER, DESKTOP);
        return mine.get(challenge, ids);
      },
    };
    expect(await outcome(slow)).toEqual(said('NOT_PAIRED'));
  });

  it('when it holds things that no authenticator says', async () => {
    const changed = (change: (assertion: Assertion) => Partial<Assertion>): Prover => ({
      ...mine,
      async get(challenge, ids) {
        const assertion = await mine.get(challenge, ids);
        return { ...assertion, ...change(assertion) };
      },
    });
    const bytes = (...parts: (Uint8Array | number[])[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
    const rows: [string, (assertion: Assertion) => Partial<Assertion>][] = [
      ['bytes behind the data', ({ authenticatorData: data }) => ({ authenticatorData: bytes(data, [0]) })],
      ['data of the largest size', () => ({ authenticatorData: new Uint8Array(1_536) })],
      ['data above the largest size', () => ({ authenticatorData: new Uint8Array(1_537) })],
      ['client data above the largest size', () => ({ clientDataJson: new Uint8Array(1_025).fill(0x20) })],
      ['an id of nothing', () => ({ credentialId: new Uint8Array(0) })],
      ['a signature above the largest size', () => ({ signature: new Uint8Array(73) })],
    ];
    for (const [what, change] of rows) {
      expect(await outcome(changed(change)), what).toEqual({ code: 'PROTOCOL_ERROR', authentic: false });
      expect(lastRefusal(), what).toMatchObject({ reason: 'MALFORMED' });
    }
    // More than a record: the agent looks at nothing of it.
    expect(await outcome(changed(() => ({ clientDataJson: new Uint8Array(20_000) })))).toMatchObject({
      code: 'PROTOCOL_ERROR',
    });
    expect(lastRefusal()).toMatchObject({ reason: 'RECORD_SIZE' });
  });
});

describe('a copied passkey at the same moment', () => {
  it('gets in once or not at all: of two proofs with one count the later is refused', async () => {
    const [paired] = await ends.pairings.keysOf(USER, DESKTOP);
    if (paired?.kind !== 'passkey') throw new Error('no passkey');
    const shown = { ...paired, counter: 7, backedUp: false };
    const used = await Promise.all(
      Array.from({ length: 8 }, () =>
        ends.pairings.noteUse(USER, DESKTOP, shown).then(
          () => 'kept',
          (error: Refusal) => error.reason,
        ),
      ),
    );
    expect(used.toSorted()).toEqual([...Array(7).fill('PROOF_COUNTER'), 'kept']);
  });
});

/** r ‖ s as a browser would say it. */
function softDer(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  const integer = (half: Uint8Array): number[] => {
    const digits = [...half.subarray(half.findIndex((byte) => byte !== 0))];
    const positive = (digits[0] ?? 0) < 0x80 ? digits : [0, ...digits];
    return [2, positive.length, ...positive];
  };
  const body = [...integer(raw.subarray(0, 32)), ...integer(raw.subarray(32))];
  return Uint8Array.of(0x30, body.length, ...body);
}
