// The agent's way from an offer to a verified user, against the client's real core. Gateway and broker are the test's.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Code, Refusal } from '#protocol/codes.ts';
import { importSigningKey, newSigningKeyPem } from '#protocol/inner/cipher-node.ts';
import { OPENING_MAX_MS, PAIRING_TRIES, PROOF_MAX_MS } from '#protocol/limits.ts';
import { type BothEnds, bothEnds, DESKTOP, timersLeft, USER } from '#tests/support/both-ends.ts';
import { deviceKey, pairedOf, proverOf } from '#tests/support/end-to-end.ts';
import { settle, until, type Way } from '#tests/support/memory-link.ts';
import { type End, endOf } from '#web/core/ends.ts';

const otherKey = importSigningKey(newSigningKeyPem());
const HELLO = 0;
const PROOF = 1;

let ends: BothEnds;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  ends = await bothEnds();
  await ends.paired();
});
afterEach(() => vi.useRealTimers());

const endOfAttempt = (attempt: Promise<unknown>): Promise<End | 'opened'> =>
  attempt.then(() => 'opened' as const, endOf);

interface Held {
  yet: boolean;
  release(): void;
}

/** The relay keeps the nth record of a way to itself, and those behind it. */
function hold(way: Way, nth: number): Held {
  const kept: (() => void)[] = [];
  const held: Held = {
    yet: false,
    release: () => {
      for (const go of kept.splice(0)) go();
    },
  };
  ends.onLink = (link) => {
    let count = 0;
    held.yet = false;
    link.meddle = (one, record) => {
      if (one !== way || count++ < nth) return [record];
      held.yet = true;
      kept.push(() => link.put(way, record));
      return [];
    };
  };
  return held;
}

/** The client never gives up by itself, so that the agent must. */
function patient(): void {
  ends.client.after = () => () => {};
}

/** The agent holds nothing of an attempt any more. */
function expectNothingLeft(): void {
  expect(timersLeft()).toBe(0);
  expect(ends.sessions.list()).toEqual([]);
  expect(ends.desktop.events).toBeNull();
}

interface Row {
  what: string;
  /** @returns whether both ends wait now, where somebody must give up */
  arrange(): undefined | (() => boolean);
  /** What the agent's audit log says. */
  reason: string;
  /** What the client makes of it. */
  end: End;
  /** ms until somebody gives up */
  after?: number;
}

const said = (code: Code, authentic: boolean): End => ({ code, authentic });

const ROWS: Row[] = [
  {
    what: 'a broker that cannot be dialled',
    arrange() {
      ends.dialData = () => Promise.reject(new Error('ECONNREFUSED'));
    },
    reason: 'BROKER_UNREACHABLE',
    end: said('UNAVAILABLE', false),
  },
  {
    what: 'a broker that does not take the dial in time',
    arrange() {
      ends.dialData = () => Promise.reject(new Refusal('HANDSHAKE_TIMED_OUT', 'dialling'));
    },
    reason: 'HANDSHAKE_TIMED_OUT',
    end: said('TOOK_TOO_LONG', false),
  },
  {
    what: 'a broker that never says paired',
    arrange() {
      patient();
      let asked = 0;
      ends.onLink = (link) => {
        link.say = () => void asked++;
      };
      return () => asked === ends.links.length;
    },
    reason: 'HANDSHAKE_TIMED_OUT',
    end: said('TOOK_TOO_LONG', false),
    after: OPENING_MAX_MS,
  },
  {
    what: 'a broker that says another session is paired',
    arrange() {
      patient();
      ends.onLink = (link) => {
        link.say = () => link.agent.arrive({ text: JSON.stringify({ type: 'paired', session: 'f'.repeat(32) }) });
      };
    },
    reason: 'MESSAGE_UNEXPECTED',
    end: said('PROTOCOL_ERROR', false),
  },
  {
    what: 'a relay that sends a record before it says paired',
    arrange() {
      patient();
      ends.onLink = (link) => {
        link.say = () => link.put('inward', Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 0));
      };
    },
    reason: 'MESSAGE_UNEXPECTED',
    end: said('PROTOCOL_ERROR', false),
  },
  {
    what: 'a hello that never comes',
    arrange() {
      patient();
      const held = hold('inward', HELLO);
      return () => held.yet;
    },
    reason: 'HANDSHAKE_TIMED_OUT',
    end: said('TOOK_TOO_LONG', false),
    after: OPENING_MAX_MS,
  },
  {
    what: 'a proof that never comes',
    arrange() {
      patient();
      const held = hold('inward', PROOF);
      return () => held.yet;
    },
    reason: 'HANDSHAKE_TIMED_OUT',
    end: said('TOOK_TOO_LONG', false),
    after: PROOF_MAX_MS,
  },
  {
    what: 'a client that gives up while it waits for the answer',
    arrange() {
      const held = hold('outward', 0);
      return () => held.yet;
    },
    reason: 'PEER_GONE',
    end: said('TOOK_TOO_LONG', true),
    after: OPENING_MAX_MS,
  },
  {
    what: 'a relay that closes when the hello comes',
    arrange() {
      ends.onLink = (link) => {
        link.meddle = () => {
          link.cut('RIGHTS_ENDED');
          return [];
        };
      };
    },
    reason: 'PEER_GONE',
    end: said('RIGHTS_ENDED', false),
  },
  {
    what: 'a hello that comes twice',
    arrange() {
      ends.onLink = (link) => {
        link.meddle = (way, record) => (way === 'inward' ? [record, record] : [record]);
      };
    },
    reason: 'RECORD_OUT_OF_ORDER',
    end: said('PROTOCOL_ERROR', false),
  },
  {
    what: 'a key that is not paired',
    arrange() {
      ends.opening = { ...ends.opening, prover: proverOf(otherKey) };
    },
    reason: 'PROOF_WRONG',
    end: said('NOT_PAIRED', true),
  },
  {
    what: 'a user without a pairing',
    arrange() {
      ends.claims = { sub: 'suzuki' };
      ends.opening = { ...ends.opening, user: 'suzuki' };
    },
    reason: 'USER_NOT_PAIRED',
    end: said('NOT_PAIRED', true),
  },
  {
    what: 'a user who is not the grant’s',
    arrange() {
      ends.opening = { ...ends.opening, user: 'suzuki' };
    },
    reason: 'GRANT_MISMATCH',
    end: said('AGENT_REFUSED', false),
  },
  {
    what: 'text in the place of the proof',
    arrange() {
      patient();
      ends.onLink = (link) => {
        let count = 0;
        link.meddle = (way, record) => {
          if (way === 'outward' || count++ === 0) return [record];
          link.agent.arrive({ text: '{}' });
          return [];
        };
      };
    },
    reason: 'MESSAGE_UNEXPECTED',
    end: said('PROTOCOL_ERROR', false),
  },
];

describe('an opening that fails', () => {
  it.each(ROWS)('by $what is audited, told and leaves nothing, three times in a row', async (row) => {
    const stuck = row.arrange();
    // A half-open place that stayed taken would refuse the third.
    for (let time = 1; time <= 3; time++) {
      const attempt = endOfAttempt(ends.open());
      if (stuck && row.after !== undefined) {
        await until('both wait', () => ends.links.length === time && stuck());
        expect(ends.audit.of('handshake-refused')).toHaveLength(time - 1);
        vi.advanceTimersByTime(row.after);
      }
      expect(await attempt).toEqual(row.end);
      await until('audited', () => ends.audit.of('handshake-refused').length === time);
      await until('no timer runs', () => timersLeft() === 0);
      expect(ends.audit.of('offer-refused')).toEqual([]);
      const refused = ends.audit.of('handshake-refused');
      expect(refused).toHaveLength(time);
      expect(refused.at(-1)).toMatchObject({ reason: row.reason, desktop: DESKTOP });
      expect(ends.told.at(-1)).toMatchObject({ type: 'ended', session: refused.at(-1)?.session });
      expect(ends.audit.of('user-verified')).toEqual([]);
      expectNothingLeft();
    }
  });
});

describe('the slot of a desktop', () => {
  it('is not taken before the proof is there: who waits with it hinders nobody and ends nothing', async () => {
    patient();
    const held = hold('inward', PROOF);
    const slow = endOfAttempt(ends.open());
    await until('the proof is held', () => held.yet);
    expect(ends.audit.of('offer-accepted')).toHaveLength(1);
    expect(ends.sessions.live(DESKTOP)).toBe(false);
    ends.onLink = () => {};
    const shown = await ends.show();
    expect(ends.sessions.live(DESKTOP)).toBe(true);
    expect(shown.ends).toEqual([]);
    held.release();
    expect(await slow).toBe('opened');
    expect(shown.ends).toEqual([said('TAKEN_OVER', true)]);
  });
});

describe('a revocation', () => {
  it('cannot be outwaited with a proof in the hand (T01)', async () => {
    const held = hold('inward', PROOF);
    const attempt = endOfAttempt(ends.open());
    await until('the proof is held', () => held.yet);
    await ends.pairings.revoke(USER, DESKTOP);
    held.release();
    expect(await attempt).toEqual(said('NOT_PAIRED', true));
    expect(ends.audit.of('handshake-refused').at(-1)?.reason).toBe('USER_NOT_PAIRED');
  });
});

describe('a pairing', () => {
  it('learns the key that was proven with the code, and its own session is over then', async () => {
    await ends.pairings.revoke(USER, DESKTOP);
    const { code } = await ends.pairings.issue(USER, DESKTOP, false);
    await ends.pair(code);
    await settle();
    expect(await ends.pairings.keysOf(USER, DESKTOP)).toEqual([pairedOf(deviceKey)]);
    expect(ends.audit.of('pairing-made')).toHaveLength(1);
    expect(ends.told).toEqual([expect.objectContaining({ type: 'ended', code: 'ENDED' })]);
    expectNothingLeft();
  });

  it('spends a try for each hello, right or wrong, and refuses after the last', async () => {
    const { code } = await ends.pairings.issue(USER, DESKTOP, false);
    const wrong = code.startsWith('0') ? code.replace('0', '1') : `0${code.slice(1)}`;
    for (let i = 0; i < PAIRING_TRIES; i++) {
      expect(await endOfAttempt(ends.pair(wrong))).toEqual(said('PAIRING_REFUSED', true));
      await settle();
      expectNothingLeft();
    }
    expect(await endOfAttempt(ends.pair(code))).toEqual(said('PAIRING_REFUSED', false));
    expect(ends.audit.of('pairing-code-spent')).toHaveLength(PAIRING_TRIES);
    expect(ends.audit.of('pairing-refused').map(({ reason }) => reason)).toEqual([
      ...Array(PAIRING_TRIES).fill('PEER_GONE'),
      'PAIRING_CODE_SPENT',
    ]);
    expect(await ends.pairings.keysOf(USER, DESKTOP)).toEqual([pairedOf(deviceKey)]);
  });

  it('is refused while somebody works there, also if that began after its hello', async () => {
    const { code } = await ends.pairings.issue(USER, DESKTOP, true);
    const held = hold('inward', PROOF);
    const early = endOfAttempt(ends.pair(code, { prover: proverOf(otherKey) }));
    await until('the proof is held', () => held.yet);
    ends.onLink = () => {};
    const shown = await ends.show();
    expect(await endOfAttempt(ends.pair(code, { prover: proverOf(otherKey) }))).toEqual(said('PAIRING_REFUSED', false));
    held.release();
    expect(await early).toEqual(said('PAIRING_REFUSED', true));
    expect(await ends.pairings.keysOf(USER, DESKTOP)).toEqual([pairedOf(deviceKey)]);
    shown.session.end();
    await settle();
  });

  it('goes to the user of the grant and to no other', async () => {
    const { code } = await ends.pairings.issue('suzuki', DESKTOP, false);
    expect(await endOfAttempt(ends.pair(code))).toEqual(said('PAIRING_REFUSED', false));
    expect(ends.audit.of('pairing-refused').at(-1)?.reason).toBe('PAIRING_CODE_MISSING');
  });
});
