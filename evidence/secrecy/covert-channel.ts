// A5, C1: how much two colluding ends can push into LGWAN (T09). Both ends are in hostile hands here: a user's client sends
// arbitrary bytes in records of the right shape, and in the agent's place, with its certificate, somebody takes whatever comes.
// Gateway and broker are the real ones, and nothing but them limits it.
import { setTimeout as delay } from 'node:timers/promises';
import type { System } from '#lab/system.ts';
import { dialSocket } from '#platform/hop/dial.ts';
import { keepAlive } from '#platform/hop/keep-alive.ts';
import { clientTls } from '#platform/hop/tls.ts';
import { readHeader, writeHeader } from '#protocol/header.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { Lane } from '#protocol/lanes.ts';
import {
  ACK_PER_SECOND,
  ACK_PLAINTEXT_BYTES,
  BURST_SECONDS,
  CONTROL_PER_SECOND,
  CONTROL_PLAINTEXT_BYTES,
  HANDSHAKE_RECORD_MAX_BYTES,
  HANDSHAKE_RECORDS_INWARD,
  HEADER_BYTES,
  INPUT_PER_SECOND,
  INPUT_PLAINTEXT_BYTES,
  TAG_BYTES,
} from '#protocol/limits.ts';
import { type DataSocket, Inbox } from '#protocol/outer/data-socket.ts';
import { parseToAgent } from '#protocol/outer/link.ts';
import { askToOpen } from '#web/core/gateway-api.ts';
import type { Judgement, Proof } from '../proof.ts';
import { inPlaceOf, online } from './place-of.ts';
import { SECRECY, type Secrecy } from './stage.ts';

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
const SECONDS = 7;
/** The burst passes in the first moments; both relays have used up theirs by then. */
const STEADY_FROM_SECONDS = 3;
const REOPENING_SECONDS = 4;
const REOPENINGS_MIN = 3;
/** Timers wake a little late, and a record stands on either side of a measure's edge. */
const TOLERANCE = 0.02;
/** Less would mean that the ends did not really push. */
const FLOOR = 0.85;

const LANES = [
  {
    name: 'input',
    lane: Lane.input,
    bytes: HEADER_BYTES + INPUT_PLAINTEXT_BYTES + TAG_BYTES,
    perSecond: INPUT_PER_SECOND,
  },
  { name: 'ack', lane: Lane.ack, bytes: HEADER_BYTES + ACK_PLAINTEXT_BYTES + TAG_BYTES, perSecond: ACK_PER_SECOND },
  {
    name: 'control',
    lane: Lane.control,
    bytes: HEADER_BYTES + CONTROL_PLAINTEXT_BYTES + TAG_BYTES,
    perSecond: CONTROL_PER_SECOND,
  },
] as const;
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
        const poured = measured(await push(stage, agent));
        run.progress(0.8, 'ever new sessions');
        return { ...poured, reopening: await reopen(stage, agent) };
      },
    );
  },
  judge: judgePushed,
};

interface Arrival {
  readonly lane: Lane;
  readonly bytes: number;
  /** ms */
  readonly at: number;
}

interface ColludingAgent {
  readonly arrivals: Arrival[];
  close(): Promise<void>;
}

/** Has the agent's certificate, and takes every session that it is offered. */
async function colludingAgent(system: System): Promise<ColludingAgent> {
  const arrivals: Arrival[] = [];
  const tls = system.pki.files.agent;
  const dial = (path: string) =>
    dialSocket(`${system.agentUrl}${path}`, clientTls(tls, 'localhost'), { timeoutMs: 10_000, verify() {} });
  const link = await dial('/link');
  keepAlive(link);
  link.listen({
    text(text) {
      const message = parseToAgent(text);
      if (message.type === 'offer') void take(message.session);
    },
    closed() {},
  });
  link.sendText(JSON.stringify({ type: 'presence', desktops: system.desktops }));

  async function take(session: string): Promise<void> {
    const data = await dial('/data');
    keepAlive(data);
    data.listen({
      text() {},
      record: (record) =>
        void arrivals.push({ lane: readHeader(record).lane, bytes: record.length, at: performance.now() }),
      closed() {},
    });
    data.sendText(JSON.stringify({ type: 'session', session }));
  }
  return { arrivals, close: async () => link.close('UNAVAILABLE') };
}

type Send = (lane: Lane, bytes: number) => void;

/** Signed in as any user, with a ticket as any other; then nothing but random bytes. */
async function openNothing({ client }: Secrecy, desktop: string): Promise<{ socket: DataSocket; send: Send }> {
  const { ticket } = await askToOpen(client.around.request, desktop, 'open', nodeCipher.random(32));
  const socket = await client.around.dial();
  const inbox = new Inbox(socket);
  socket.sendText(JSON.stringify({ type: 'ticket', ticket }));
  await inbox.nextText();
  let sequence = 0;
  const send: Send = (lane, bytes) => {
    const record = nodeCipher.random(bytes);
    writeHeader(record, { lane, sequence: sequence++ });
    socket.sendRecord(record);
  };
  for (let i = 0; i < HANDSHAKE_RECORDS_INWARD; i++) send(Lane.handshake, HANDSHAKE_RECORD_MAX_BYTES);
  return { socket, send };
}

async function push(stage: Secrecy, agent: ColludingAgent): Promise<readonly Arrival[]> {
  await online(stage);
  const { socket, send } = await openNothing(stage, stage.nextDesktop().id);
  await pour(socket, send);
  socket.close('ENDED');
  return [...agent.arrivals];
}

async function reopen(stage: Secrecy, agent: ColludingAgent): Promise<Pushed['reopening']> {
  agent.arrivals.length = 0;
  const began = performance.now();
  let sessions = 0;
  for (; performance.now() - began < 1000 * REOPENING_SECONDS; sessions++) {
    const { socket, send } = await openNothing(stage, stage.nextDesktop().id);
    for (const { lane, bytes, perSecond } of LANES)
      for (let i = 0; i < BURST_SECONDS * perSecond; i++) send(lane, bytes);
    const wanted =
      agent.arrivals.length +
      HANDSHAKE_RECORDS_INWARD +
      BURST_SECONDS * LANES.reduce((sum, { perSecond }) => sum + perSecond, 0);
    const until = performance.now() + 1_000;
    while (agent.arrivals.length < wanted && performance.now() < until) await delay(2);
    socket.close('ENDED');
  }
  const seconds = (performance.now() - began) / 1000;
  return { sessions, seconds, bytes: agent.arrivals.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** Each lane's share of records, so that none of them waits for another one's rate. */
async function pour(socket: DataSocket, send: (lane: Lane, bytes: number) => void): Promise<void> {
  const until = performance.now() + 1000 * (SECONDS + 0.5);
  const owed = LANES.map(() => 0);
  while (performance.now() < until) {
    for (let i = 0; i < 200 && socket.pressure < 64 * 1024; i++) {
      for (const [nth, { lane, bytes, perSecond }] of LANES.entries()) {
        owed[nth] = (owed[nth] ?? 0) + perSecond / INPUT_PER_SECOND;
        for (; (owed[nth] ?? 0) >= 1; owed[nth] = (owed[nth] ?? 0) - 1) send(lane, bytes);
      }
    }
    await delay(20);
  }
}

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
