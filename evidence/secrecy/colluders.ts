// Both ends in hostile hands (T09): a user's client that sends arbitrary bytes in records of the right shape, and somebody in the
// agent's place, with its certificate, who takes whatever comes.
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
import { RefusedByGateway } from '#web/core/ends.ts';
import { askToOpen } from '#web/core/gateway-api.ts';
import { online } from './place-of.ts';
import type { Secrecy } from './stage.ts';

export const LANES = [
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

export interface Arrival {
  readonly lane: Lane;
  readonly bytes: number;
  /** ms */
  readonly at: number;
}

export interface ColludingAgent {
  readonly arrivals: Arrival[];
  close(): Promise<void>;
}

/** Has the agent's certificate, and takes every session that it is offered. */
export async function colludingAgent(system: System): Promise<ColludingAgent> {
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

/** @returns what came through while one session poured for so many seconds */
export async function push(stage: Secrecy, agent: ColludingAgent, seconds: number): Promise<readonly Arrival[]> {
  await online(stage);
  const { socket, send } = await openNothing(stage, stage.nextDesktop().id);
  await pour(socket, send, seconds);
  socket.close('ENDED');
  return [...agent.arrivals];
}

/** Session after session, each with a handshake and as much as a burst would be. */
export async function reopen(stage: Secrecy, agent: ColludingAgent, forSeconds: number) {
  agent.arrivals.length = 0;
  const began = performance.now();
  let sessions = 0;
  for (; performance.now() - began < 1000 * forSeconds; sessions++) {
    const opened = await openNothing(stage, stage.nextDesktop().id).catch(refusedAsTooMany);
    // The gateway's own limit: what came until now is what there was to get.
    if (!opened) break;
    const { socket, send } = opened;
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

function refusedAsTooMany(error: unknown): null {
  if (error instanceof RefusedByGateway && error.code === 'TOO_MANY') return null;
  throw error;
}

/** Each lane's share of records, so that none of them waits for another one's rate. */
async function pour(socket: DataSocket, send: Send, seconds: number): Promise<void> {
  const until = performance.now() + 1000 * (seconds + 0.5);
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
