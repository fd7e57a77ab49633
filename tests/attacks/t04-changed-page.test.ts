// T04: a gateway that serves changed page code: what the end-to-end session cannot survive where the page comes from the
// gateway's own origin, and does survive where it comes from another. Both outcomes, with the agent whole and real; the browser's
// part (an origin's storage is its own, an rpId goes with its origin) is played as the standards have it.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Bytes } from '#protocol/bytes.ts';
import type { PasskeyProver, Prover } from '#protocol/inner/proof.ts';
import { type BothEnds, bothEnds, DESKTOP, USER } from '#tests/support/both-ends.ts';
import { deviceKey, proverOf } from '#tests/support/end-to-end.ts';
import { type Passkey, PINS, type SoftPasskey, softPasskey } from '#tests/support/passkey.ts';
import { type End, endOf } from '#web/core/ends.ts';
import type { Pinned } from '#web/core/open.ts';

const PAGE = PINS.origins[0] as string;
const GATEWAY = 'https://gateway.telework.example.jp';

let ends: BothEnds;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  ends = await bothEnds();
});
afterEach(() => vi.useRealTimers());

async function pair(prover: Prover): Promise<Pinned> {
  const { code } = await ends.pairings.issue(USER, DESKTOP, false);
  return ends.pair(code, { prover });
}

/**
 * The gateway opens a session of its own: it makes the grant, plays the client towards the agent whose key it saw in passing,
 * and has the user's proof made by code of its own in the user's browser.
 */
const steal = (prover: Prover, pinned: Pinned): Promise<End | 'opened'> =>
  ends.open({ prover }, pinned).then(() => 'opened' as const, endOf);

/** What changed code may ask of the authenticator: any challenge, for the origin that it was served from. */
const changedCode = (authenticator: SoftPasskey, served: Partial<Passkey>): PasskeyProver => ({
  kind: 'passkey',
  create: authenticator.create,
  async get(challenge: Bytes, ids) {
    const honest = { ...authenticator.passkey };
    Object.assign(authenticator.passkey, served);
    const assertion = await authenticator.get(challenge, ids);
    const { counter } = authenticator.passkey;
    Object.assign(authenticator.passkey, honest, { counter });
    return assertion;
  },
});

describe('a page that the gateway serves, changed by it', () => {
  it('opens a session of the gateway’s with the device key, unseen by the user', async () => {
    const pinned = await pair(proverOf(deviceKey));
    // The key cannot be taken out, but code at its origin may use it.
    expect(await steal(proverOf(deviceKey), pinned)).toBe('opened');
  });

  it('opens one with a passkey, too, yet only by a gesture: one gesture, one session', async () => {
    const victim = softPasskey();
    const pinned = await pair(victim);
    expect(await steal(changedCode(victim, { origin: PAGE }), pinned)).toBe('opened');
    expect(victim.given.assertions).toHaveLength(1);
    for (const { session } of ends.sessions.list()) ends.sessions.revoke(session, 'ENDED');
    const [used] = victim.given.assertions;
    expect(await steal({ ...victim, get: async () => used as never }, pinned)).toMatchObject({
      code: 'PASSKEY_PROOF_REFUSED',
    });
  });
});

describe('a page from another origin than the gateway’s, which alone the agent has pinned', () => {
  it('opens for its user (positive control)', async () => {
    const victim = softPasskey({ origin: PAGE });
    expect(await steal(victim, await pair(victim))).toBe('opened');
  });

  it.each<[string, Partial<Passkey>, string]>([
    ['names its own rpId', { origin: GATEWAY, rpId: 'gateway.telework.example.jp' }, 'origin'],
    ['stands below the pinned rpId, so that the browser lets it name that', { origin: GATEWAY }, 'origin'],
    ['is framed by something else', { origin: PAGE, crossOrigin: true }, 'cross origin'],
  ])('gets nothing by code that the gateway serves at its own origin and that %s', async (_, served, detail) => {
    const victim = softPasskey({ origin: PAGE });
    const pinned = await pair(victim);
    expect(await steal(changedCode(victim, served), pinned)).toEqual({
      code: 'PASSKEY_PROOF_REFUSED',
      authentic: true,
    });
    expect(victim.given.assertions, 'the user did confirm').toHaveLength(1);
    expect(ends.audit.of('handshake-refused').at(-1)).toMatchObject({ reason: 'PROOF_PASSKEY_WRONG', detail });
    expect(ends.audit.of('session-started')).toEqual([]);
    expect(await steal(victim, pinned), 'and the honest page still opens').toBe('opened');
  });

  it('has a device key that code at the gateway’s origin does not reach: one made there is not paired', async () => {
    const pinned = await pair(proverOf(deviceKey));
    const there = { publicKey: deviceKey.publicKey, sign: async () => new Uint8Array(64).fill(1) };
    expect(await steal(proverOf(there), pinned)).toEqual({ code: 'NOT_PAIRED', authentic: true });
  });

  it('cannot be brought to pair the gateway’s agent: without the code it proves none, and no gesture is asked for', async () => {
    const victim = softPasskey({ origin: PAGE });
    await ends.pairings.issue(USER, DESKTOP, false);
    const other = await ends.pairings.issue('suzuki', DESKTOP, false);
    expect(await ends.pair(other.code, { prover: victim }).catch(endOf)).toEqual({
      code: 'PAIRING_REFUSED',
      authentic: true,
    });
    expect(victim.given.attestations).toEqual([]);
  });
});
