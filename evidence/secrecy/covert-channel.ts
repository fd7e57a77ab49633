// A5, C1: how much two colluding ends can push into LGWAN (T09). Both ends are in hostile hands here: a user's client sends
// arbitrary bytes in records of the right shape, and in the agent's place, with its certificate, somebody takes whatever comes.
// Gateway and broker are the real ones, and nothing but them limits it.
import { Lane } from '#protocol/lanes.ts';
import { BURST_SECONDS, HANDSHAKE_RECORD_MAX_BYTES, HANDSHAKE_RECORDS_INWARD } from '#protocol/limits.ts';
import type { Judgement, Proof } from '../proof.ts';
import { type Arrival, colludingAgent, LANES, push, reopen } from './colluders.ts';
import { inPlaceOf } from './place-of.ts';
import { SECRECY } from './stage.ts';

export interface Pushed {
  /** From the first record after the handshake to the last that counts. */
  readonly seconds: number;
  /** Sealed bytes that came out at the colluder in LGWAN, handshake included. */
  readonly bytes: number;
  readonly handshakeBytes: number;
  /** After the burst was used up. */
  readonly steadyKbps: number;
  readonly byLane: Readonly<Record<'input' | 'ack' | 'control', number>>;
  /** What the lanes' rates add up to, by the wire's own limits. */
  readonly computedKbps: number;
  /** Ever new sessions one after the other: each has its handshake, but none a burst of its own. */
  readonly reopening: { readonly sessions: number; readonly seconds: number; readonly bytes: number };
}

/** What docs/limits.md and SECURITY.md say. */
export const PUBLISHED_KBPS = 98.2;
const SECONDS = 6;
/** The burst passes in the first moments; both relays have used up theirs by then. */
const STEADY_FROM_SECONDS = 3;
const REOPENING_SECONDS = 3;
const REOPENINGS_MIN = 2;
/** Timers wake a little late, and a record stands on either side of a measure's edge. */
const TOLERANCE = 0.02;
/** Less would mean that the ends did not really push. */
const FLOOR = 0.85;

const BYTES_PER_SECOND = LANES.reduce((sum, { bytes, perSecond }) => sum + bytes * perSecond, 0);
const kbps = (bytes: number, seconds: number): number => (bytes * 8) / 1000 / seconds;

export const covertChannelProof: Proof<Pushed> = {
  name: 'a5-covert-channel',
  requirements: ['A5', 'C1'],
  claim: {
    ja: `両端が共謀しても、庁内へ送り込めるのは毎秒 ${PUBLISHED_KBPS} kbit までである。`,
    en: `Even two colluding ends cannot push more than ${PUBLISHED_KBPS} kbit/s into LGWAN.`,
  },
  tried: {
    ja: `端末側と庁内側の両方を共謀者に置き換え、内向きの全レーンに任意のバイトを ${SECONDS} 秒間、実際の gateway と broker が通すだけ送った。`,
    en: `Both ends replaced by colluders who sent arbitrary bytes through all inward lanes for ${SECONDS} s, as fast as the real gateway and broker let them.`,
  },
  needs: [],
  async collect(run) {
    const stage = await run.stage(SECRECY);
    return inPlaceOf(
      'agent',
      stage,
      () => colludingAgent(stage.system),
      async (agent) => {
        run.progress(0.3, 'pushing');
        const poured = measured(await push(stage, agent, SECONDS));
        run.progress(0.8, 'ever new sessions');
        return { ...poured, reopening: await reopen(stage, agent, REOPENING_SECONDS) };
      },
    );
  },
  judge: judgePushed,
};

function measured(arrivals: readonly Arrival[]): Omit<Pushed, 'reopening'> {
  const handshake = arrivals.filter(({ lane }) => lane === Lane.handshake);
  const start = handshake.at(-1)?.at ?? 0;
  const poured = arrivals.filter(({ lane, at }) => lane !== Lane.handshake && at <= start + 1000 * SECONDS);
  const sum = (all: readonly Arrival[]) => all.reduce((total, { bytes }) => total + bytes, 0);
  const steady = poured.filter(({ at }) => at > start + 1000 * STEADY_FROM_SECONDS);
  const of = (name: (typeof LANES)[number]['name']) => {
    const { lane } = LANES.find((one) => one.name === name) as (typeof LANES)[number];
    return steady.filter((one) => one.lane === lane).length / (SECONDS - STEADY_FROM_SECONDS);
  };
  return {
    seconds: SECONDS,
    bytes: sum(handshake) + sum(poured),
    handshakeBytes: sum(handshake),
    steadyKbps: kbps(sum(steady), SECONDS - STEADY_FROM_SECONDS),
    byLane: { input: of('input'), ack: of('ack'), control: of('control') },
    computedKbps: kbps(BYTES_PER_SECOND, 1),
  };
}

/** What the lanes carry in so many seconds at most, their one burst included, and so many handshakes. */
const mostBytes = (seconds: number, handshakes: number): number =>
  (1 + TOLERANCE) * (seconds + BURST_SECONDS) * BYTES_PER_SECOND +
  handshakes * HANDSHAKE_RECORDS_INWARD * HANDSHAKE_RECORD_MAX_BYTES;

export function judgePushed({
  seconds,
  bytes,
  handshakeBytes,
  steadyKbps,
  computedKbps,
  reopening,
}: Pushed): Judgement {
  const fail = (ja: string, en: string): Judgement => ({ result: 'fail', seen: { ja, en } });
  const measured = steadyKbps.toFixed(1);
  if (Math.abs(computedKbps - PUBLISHED_KBPS) > 0.05) {
    return fail(
      `計算値 ${computedKbps} は公表値と違う。`,
      `The lanes add up to ${computedKbps} kbit/s, which is not what is published.`,
    );
  }
  if (steadyKbps < FLOOR * PUBLISHED_KBPS)
    return fail(
      `実測 ${measured} kbit/s: 十分に送り込めておらず、試験が成り立たない。`,
      `Only ${measured} kbit/s came through: the ends did not really push.`,
    );
  if (steadyKbps > (1 + TOLERANCE) * PUBLISHED_KBPS)
    return fail(`実測 ${measured} kbit/s は上限を超えた。`, `${measured} kbit/s is above the bound.`);
  if (bytes > mostBytes(seconds, 1))
    return fail(
      `${seconds} 秒で ${bytes} バイトは多すぎる。`,
      `${bytes} bytes in ${seconds} s are more than rate, burst and handshake allow.`,
    );
  if (reopening.sessions < REOPENINGS_MIN) return fail('開き直しを試していない。', 'Opening anew was not tried.');
  if (reopening.bytes > mostBytes(reopening.seconds, reopening.sessions)) {
    return fail(
      `開き直すたびにバーストが得られた（${reopening.sessions} 回で ${reopening.bytes} バイト）。`,
      `Each new session got a burst of its own: ${reopening.bytes} bytes in ${reopening.sessions} sessions.`,
    );
  }
  return {
    result: 'pass',
    seen: {
      ja: `実測 ${measured} kbit/s（計算上の上限 ${PUBLISHED_KBPS} kbit/s）。接続開始時の握手 ${handshakeBytes} バイトとバーストを含め、${seconds} 秒で ${bytes} バイト。${reopening.sessions} 回開き直しても、増えるのは握手の分だけ。`,
      en: `Measured ${measured} kbit/s, computed ${PUBLISHED_KBPS} kbit/s. With handshake (${handshakeBytes} bytes) and burst ${bytes} bytes in ${seconds} s. Opened anew ${reopening.sessions} times, no more than the handshakes came on top.`,
    },
  };
}
