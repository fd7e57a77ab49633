import { randomBytes, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FAILURES_BEFORE_BACK_OFF } from '#gateway/sign-in/attempts.ts';
import { CHALLENGE_LIFE_MS } from '#gateway/sign-in/challenges.ts';
import { FactorSeal } from '#gateway/sign-in/factors.ts';
import { PASSKEYS_MAX, Passkeys } from '#gateway/sign-in/passkeys.ts';
import { refusalFrom } from '#protocol/codes.ts';
import { attestationRoot, type Issued } from '#tests/support/attestation.ts';
import { BE, BS, challengeOf, SoftAuthenticator, UP, UV, type Wrong } from '#tests/support/authenticator.ts';
import { clockAt, openTestStore } from '#tests/support/clock-and-store.ts';
import { reasonOf } from '#tests/support/reason-of.ts';

const ORIGIN = 'https://telework.example.jp';
const RP_ID = 'telework.example.jp';
const TANAKA = { municipality: '131016', user: 'tanaka' };
const SUZUKI = { municipality: '131016', user: 'suzuki' };
const [HERE, THERE] = ['certificate-1', 'certificate-2'];

function open(roots: X509Certificate[] = []) {
  // The library looks at the real clock for the times in attestation certificates.
  const clock = clockAt(Date.now());
  const { store, again } = openTestStore(clock);
  const seal = new FactorSeal(randomBytes(32));
  const relyingParty = { rpId: RP_ID, rpName: 'Test', attestationRoots: roots };
  const passkeys = new Passkeys(store, seal, relyingParty, clock.now);
  const elsewhere = new Passkeys(again(), seal, relyingParty, clock.now);
  const authenticator = new SoftAuthenticator(ORIGIN, RP_ID);

  async function add(
    wrong: Parameters<SoftAuthenticator['create']>[2] = {},
    { owner = TANAKA, hardwareBound = false, origin = ORIGIN, backup = 0 } = {},
  ) {
    const options = await passkeys.registrationOptions(owner, HERE, '田中太郎', hardwareBound);
    const handle = Buffer.from(options.userHandle, 'base64url');
    const credential = authenticator.create(challengeOf(options.nonce), handle, wrong, backup);
    return passkeys.register(
      owner,
      { thumbprint: HERE, origin, nonce: options.nonce, credential },
      '鍵',
      hardwareBound,
    );
  }

  async function signIn(wrong: Wrong = {}, { owner = TANAKA, hardwareBound = false, which = 0 } = {}) {
    const { nonce } = await passkeys.signInOptions(HERE);
    const credential = authenticator.get(challengeOf(nonce), wrong, authenticator.passkeys[which]);
    return passkeys.verify(owner, { thumbprint: HERE, origin: ORIGIN, nonce, credential }, hardwareBound);
  }
  return { clock, store, passkeys, elsewhere, authenticator, add, signIn };
}

describe('a passkey', () => {
  it('signs in who registered it, and says when it was used last', async () => {
    const { clock, passkeys, add, signIn } = open();
    await add({}, { backup: BE });
    clock.pass(1_000);
    const { passkey } = await signIn();
    expect(passkey).toMatchObject({ counter: 1, lastUsedAt: clock.now(), backupEligible: true, backedUp: false });
    expect(await passkeys.list(TANAKA)).toEqual([passkey]);
  });

  it('is recorded as backed up once it is', async () => {
    const { add, signIn } = open();
    await add({}, { backup: BE });
    expect((await signIn({ flags: UP | UV | BE | BS })).passkey.backedUp).toBe(true);
  });

  it('may not become one that can be backed up, or one that cannot', async () => {
    const { add, signIn } = open();
    await add();
    expect(await reasonOf(signIn({ flags: UP | UV | BE }))).toBe('PASSKEY_BACKUP');
    await add({}, { backup: BE });
    expect(await reasonOf(signIn({ flags: UP | UV }, { which: 1 }))).toBe('PASSKEY_BACKUP');
  });

  it('has the same user handle for one owner, which says nothing about the owner', async () => {
    const { passkeys } = open();
    const handles = await Promise.all(
      [TANAKA, TANAKA, SUZUKI].map(
        async (owner) => (await passkeys.registrationOptions(owner, HERE, 'x', false)).userHandle,
      ),
    );
    expect(handles[0]).toBe(handles[1]);
    expect(handles[0]).not.toBe(handles[2]);
    expect(handles[0]).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it('belongs to one user: neither registers nor signs in for another', async () => {
    const { passkeys, authenticator, add, signIn } = open();
    await add();
    expect(await reasonOf(signIn({}, { owner: SUZUKI }))).toBe('PASSKEY_OTHER_USER');
    // The same credential once more: a second key under an id that exists.
    const { nonce } = await passkeys.registrationOptions(SUZUKI, HERE, '鈴木花子', false);
    const id = Buffer.from(authenticator.passkeys[0]?.id ?? '', 'base64url');
    const credential = authenticator.create(challengeOf(nonce), randomBytes(32), {
      innerId: id,
      json: (json) => ({ ...json, id: id.toString('base64url'), rawId: id.toString('base64url') }),
    });
    const ceremony = { thumbprint: HERE, origin: ORIGIN, nonce, credential };
    const registered = await passkeys.register(SUZUKI, ceremony, '鍵', false).catch(refusalFrom);
    expect(registered).toMatchObject({ reason: 'FACTOR_NOT_ADDED', detail: 'registered already' });
    expect(await passkeys.list(SUZUKI)).toEqual([]);
  });

  it('answers with the handle of its own user, or not at all', async () => {
    const { add, signIn } = open();
    await add();
    expect(await reasonOf(signIn({ userHandle: randomBytes(32) }))).toBe('PASSKEY_OTHER_USER');
  });

  it('that is not known is refused', async () => {
    const { authenticator, signIn } = open();
    authenticator.create(randomBytes(32), randomBytes(32));
    expect(await reasonOf(signIn())).toBe('PASSKEY_UNKNOWN');
  });

  it('is of no use once it is removed', async () => {
    const { passkeys, add, signIn } = open();
    const { id } = await add();
    expect(await passkeys.remove(SUZUKI, id)).toBe(false);
    expect(await passkeys.remove(TANAKA, id)).toBe(true);
    expect(await reasonOf(signIn())).toBe('PASSKEY_UNKNOWN');
  });

  it(`is one of ${PASSKEYS_MAX} at most`, async () => {
    const { add } = open();
    for (let i = 0; i < PASSKEYS_MAX; i++) await add();
    expect(await add().catch(refusalFrom)).toMatchObject({ reason: 'FACTOR_NOT_ADDED', detail: 'too many passkeys' });
  });

  it('needs a page: a request without an origin shows none', async () => {
    const { passkeys, authenticator, add } = open();
    await add();
    const { nonce } = await passkeys.signInOptions(HERE);
    const credential = authenticator.get(challengeOf(nonce));
    const ceremony = { thumbprint: HERE, origin: null, nonce, credential };
    expect(await reasonOf(passkeys.verify(TANAKA, ceremony, false))).toBe('PASSKEY_ORIGIN');
  });

  it('is not registered when any check fails, and the log has which', async () => {
    const { passkeys, add } = open();
    const refused = await add({ origin: 'https://evil.example' }).catch(refusalFrom);
    expect(refused).toMatchObject({ reason: 'FACTOR_NOT_ADDED', code: 'FACTOR_REFUSED', detail: 'PASSKEY_ORIGIN' });
    expect(await passkeys.list(TANAKA)).toEqual([]);
  });

  it('does not exist where no relying party is configured', async () => {
    const clock = clockAt();
    const passkeys = new Passkeys(openTestStore(clock).store, new FactorSeal(randomBytes(32)), null, clock.now);
    expect(await reasonOf(passkeys.signInOptions(HERE))).toBe('FACTOR_NOT_ALLOWED');
    expect(await reasonOf(passkeys.registrationOptions(TANAKA, HERE, 'x', false))).toBe('FACTOR_NOT_ALLOWED');
  });
});

describe('the counter of a passkey', () => {
  it('that does not grow suspends the passkey for good', async () => {
    const { passkeys, add, signIn } = open();
    await add();
    await signIn();
    expect(await reasonOf(signIn({ counter: 1 }))).toBe('PASSKEY_COUNTER');
    expect(await reasonOf(signIn({ counter: 50 }))).toBe('PASSKEY_SUSPENDED');
    expect(await passkeys.list(TANAKA)).toMatchObject([{ suspended: true, counter: 1 }]);
  });

  it('that falls back to nothing does, too', async () => {
    const { add, signIn } = open();
    await add();
    await signIn();
    expect(await reasonOf(signIn({ counter: 0 }))).toBe('PASSKEY_COUNTER');
  });

  it('cannot be used by a forger to suspend it', async () => {
    const { passkeys, add, signIn } = open();
    await add();
    await signIn();
    const forged = {
      counter: 1,
      signature: (right: Buffer) => Buffer.concat([right.subarray(0, -1), Buffer.of(~(right.at(-1) ?? 0) & 255)]),
    };
    expect(await reasonOf(signIn(forged))).toBe('PASSKEY_SIGNATURE');
    expect(await passkeys.list(TANAKA)).toMatchObject([{ suspended: false }]);
  });

  it('may stay at zero, as of passkeys that are synchronised', async () => {
    const { authenticator, add, signIn } = open();
    authenticator.step = 0;
    await add({}, { backup: BE | BS });
    for (let i = 0; i < 3; i++) expect(await reasonOf(signIn())).toBeNull();
  });
});

describe('a challenge', () => {
  it('is good once', async () => {
    const { passkeys, authenticator, add } = open();
    await add();
    const { nonce } = await passkeys.signInOptions(HERE);
    const credential = authenticator.get(challengeOf(nonce));
    const ceremony = { thumbprint: HERE, origin: ORIGIN, nonce, credential };
    expect(await reasonOf(passkeys.verify(TANAKA, ceremony, false))).toBeNull();
    expect(await reasonOf(passkeys.verify(TANAKA, ceremony, false))).toBe('PASSKEY_CHALLENGE');
  });

  it('is good once of 1,000 parallel tries over two connections', async () => {
    const { passkeys, elsewhere, authenticator, add } = open();
    await add();
    const { nonce } = await passkeys.signInOptions(HERE);
    const ceremony = { thumbprint: HERE, origin: ORIGIN, nonce, credential: authenticator.get(challengeOf(nonce)) };
    const tries = Array.from({ length: 1_000 }, (_, i) =>
      reasonOf((i % 2 ? passkeys : elsewhere).verify(TANAKA, ceremony, false)),
    );
    const outcomes = await Promise.all(tries);
    expect(outcomes.filter((one) => one === null)).toHaveLength(1);
    expect(new Set(outcomes)).toEqual(new Set([null, 'PASSKEY_CHALLENGE', 'FACTOR_BACK_OFF']));
  });

  it('is good for two minutes', async () => {
    const { clock, passkeys, authenticator, add } = open();
    await add();
    for (const [pass, expected] of [
      [CHALLENGE_LIFE_MS - 1, null],
      [CHALLENGE_LIFE_MS, 'PASSKEY_CHALLENGE'],
    ] as const) {
      const { nonce } = await passkeys.signInOptions(HERE);
      const credential = authenticator.get(challengeOf(nonce));
      clock.pass(pass);
      const ceremony = { thumbprint: HERE, origin: ORIGIN, nonce, credential };
      expect(await reasonOf(passkeys.verify(TANAKA, ceremony, false))).toBe(expected);
    }
  });

  it('is of one certificate, one purpose, and the newest', async () => {
    const { passkeys, authenticator, add } = open();
    await add();
    const tryWith = (nonce: string, thumbprint: string) => {
      const credential = authenticator.get(challengeOf(nonce));
      return reasonOf(passkeys.verify(TANAKA, { thumbprint, origin: ORIGIN, nonce, credential }, false));
    };
    const ofHere = await passkeys.signInOptions(HERE);
    expect(await tryWith(ofHere.nonce, THERE)).toBe('PASSKEY_CHALLENGE');
    const ofRegistration = await passkeys.registrationOptions(TANAKA, THERE, 'x', false);
    expect(await tryWith(ofRegistration.nonce, THERE)).toBe('PASSKEY_CHALLENGE');
    await passkeys.signInOptions(HERE);
    expect(await tryWith(ofHere.nonce, HERE)).toBe('PASSKEY_CHALLENGE');
  });

  it('is not the nonce: what signs the nonce itself is refused', async () => {
    const { passkeys, authenticator, add } = open();
    await add();
    const { nonce } = await passkeys.signInOptions(HERE);
    const credential = authenticator.get(Buffer.from(nonce, 'base64url'));
    const ceremony = { thumbprint: HERE, origin: ORIGIN, nonce, credential };
    expect(await reasonOf(passkeys.verify(TANAKA, ceremony, false))).toBe('PASSKEY_CHALLENGE');
  });

  it('is not kept in the state', async () => {
    const { store, passkeys } = open();
    const { nonce } = await passkeys.signInOptions(HERE);
    expect(JSON.stringify(await store.list(''))).not.toContain(nonce);
  });
});

describe('failures with a passkey', () => {
  it('are counted for each passkey, and end in a back-off', async () => {
    const { clock, add, signIn } = open();
    await add();
    await add();
    const forged = { signature: () => Buffer.alloc(70, 1) };
    for (let i = 0; i < FAILURES_BEFORE_BACK_OFF; i++) expect(await reasonOf(signIn(forged))).toBe('PASSKEY_SIGNATURE');
    expect(await reasonOf(signIn())).toBe('FACTOR_BACK_OFF');
    expect(await reasonOf(signIn({}, { which: 1 }))).toBeNull();
    clock.pass(5 * 60_000);
    expect(await reasonOf(signIn())).toBeNull();
  });

  it('are counted for what is no passkey as well', async () => {
    const { passkeys } = open();
    const tryNothing = () =>
      reasonOf(
        passkeys.verify(TANAKA, { thumbprint: HERE, origin: ORIGIN, nonce: 'A'.repeat(43), credential: {} }, false),
      );
    for (let i = 0; i < FAILURES_BEFORE_BACK_OFF; i++) expect(await tryNothing()).toBe('PASSKEY_MALFORMED');
    expect(await tryNothing()).toBe('FACTOR_BACK_OFF');
  });
});

describe('a policy of hardware-bound keys', () => {
  const root = attestationRoot('Root');
  const other = attestationRoot('Other root');
  const trusting = [new X509Certificate(root.pem)];
  const path = (...issued: Issued[]) => ({
    key: issued[0]?.key ?? root.key,
    x5c: issued.map(({ der }) => der),
  });
  const HARDWARE = { hardwareBound: true };

  it('takes a key whose attestation leads to a configured root, directly or over an authority', async () => {
    const { add, signIn } = open(trusting);
    expect(await add({ attestation: path(root.issue()) }, HARDWARE)).toMatchObject({ hardwareBound: true });
    expect((await signIn({}, HARDWARE)).passkey.hardwareBound).toBe(true);
    const middle = root.issue({ ca: true, name: 'Middle' });
    expect(await add({ attestation: path(middle.issue(), middle) }, HARDWARE)).toMatchObject({ hardwareBound: true });
  });

  const now = Date.now();
  const notCa = root.issue({ name: 'No authority' });
  const wrongs = {
    'without an attestation': { attestation: 'none' as const },
    'with one that its own key signed': { attestation: 'self' as const },
    'that leads to another root': { attestation: path(other.issue()) },
    'with a root of its own in the path': { attestation: path(other.issue(), other) },
    'below what is no authority': { attestation: path(notCa.issue(), notCa) },
    'that has run out': { attestation: path(root.issue({ fromMs: now - 86_400_000, toMs: now - 1_000 })) },
    'of a key that is not in the certificate': { attestation: { ...path(root.issue()), key: other.key } },
    'with what is no certificate': { attestation: { ...path(root.issue()), x5c: [Buffer.from('nothing')] } },
  };
  it.for(Object.keys(wrongs) as (keyof typeof wrongs)[])('refuses a key %s', async (which) => {
    const { passkeys, add } = open(trusting);
    expect(await reasonOf(add(wrongs[which], HARDWARE))).toBe('FACTOR_NOT_ADDED');
    expect(await passkeys.list(TANAKA)).toEqual([]);
  });

  it('refuses a key that may leave its authenticator, whoever attests to it', async () => {
    const { add } = open(trusting);
    const refused = await add({ attestation: path(root.issue()) }, { ...HARDWARE, backup: BE }).catch(refusalFrom);
    expect(refused).toMatchObject({ detail: 'a key that may leave its authenticator' });
  });

  it('refuses registrations where no root is configured, and asks for an attestation where one is', async () => {
    const { passkeys } = open();
    expect(await reasonOf(passkeys.registrationOptions(TANAKA, HERE, 'x', true))).toBe('FACTOR_NOT_ADDED');
    expect(await open(trusting).passkeys.registrationOptions(TANAKA, HERE, 'x', true)).toMatchObject({
      attestation: 'direct',
    });
  });

  it('refuses at the sign-in what was registered before it', async () => {
    const { add, signIn } = open(trusting);
    await add();
    expect(await reasonOf(signIn({}, HARDWARE))).toBe('PASSKEY_NOT_HARDWARE');
    expect(await reasonOf(signIn())).toBeNull();
  });
});
