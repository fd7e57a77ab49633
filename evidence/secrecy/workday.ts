// One session at work, whose keys, keys typed and pixels the run knows; and the search for them at everybody who is not an
// end of it: in memory while it goes on and when it is over, in what was captured on each hop, and in every file.
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { here } from '#lab/process.ts';
import type { Needle } from '#lab/search.ts';
import type { System } from '#lab/system.ts';
import { capture } from '#lab/tap.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import type { Client, View } from './client.ts';
import { flowsOf } from './flows.ts';
import {
  captureOf,
  type Digest,
  digestOf,
  filesOf,
  filesWrittenBy,
  type Haystack,
  type Kind,
  memoryOf,
} from './haystacks.ts';
import { type Recording, recordingCipher } from './recording-cipher.ts';
import { type RelayThatSees, startRelayThatSees } from './relay-that-sees.ts';

export interface Workday {
  readonly session: string;
  readonly needles: readonly Needle<Kind>[];
  readonly secrets: readonly Digest[];
  readonly haystacks: readonly Haystack[];
  readonly capture: { readonly packets: number; readonly dropped: number };
  /** Bytes of sealed records that the client received: each hop must have carried at least as many. */
  readonly receivedBytes: number;
  /** How many keys the desktop got of those that were typed. */
  readonly typed: number;
  readonly arrived: number;
  /** Records that the seeing relay could read. */
  readonly readByRelay: number;
}

export interface Workplace {
  readonly system: System;
  readonly client: Client;
  readonly desktop: {
    readonly id: string;
    readonly vnc: { readonly pressed: readonly number[] };
    readonly width: number;
    readonly picture: Buffer;
  };
  over(session: string): Promise<void>;
}

const KEYS = 24;
const SETTLED_MAX_MS = 20_000;
const LOOK_MS = 50;
const RUN_PIXELS = 16;
const MOST_OF_A_KIND = 16;
const SLICE_BYTES = 32;
const FRAME_MIN_BYTES = 400;

/** @param artefacts where the capture goes */
export async function workday({ system, client, desktop, over }: Workplace, artefacts: string): Promise<Workday> {
  const recording = recordingCipher(nodeCipher);
  const relay = await startRelayThatSees(join(system.folder, 'seeing-relay'), recording);
  const { gatewayPort, agentPort } = system.processes.broker.ready;
  const hops = new Map<string, number>([
    ['client – gateway', Number(new URL(system.gateway).port)],
    ['gateway – broker', Number(gatewayPort)],
    ['agent – broker', Number(agentPort)],
  ]);
  const tapped = await capture(here, 'lo', join(artefacts, 'hops.pcap'), ofPorts([...hops.values()]));
  // Here the keys themselves travel in clear, so it is no artefact.
  const seeing = await capture(here, 'lo', join(relay.folder, 'seeing.pcap'), ofPorts([relay.port]));
  try {
    const known = await work({ client, desktop, recording, relay });
    const { view, needles, arrivedBefore } = known;
    const { broker, gateway, agent } = system.processes;
    const inMemory = (when: 'live' | 'after') =>
      inTurn([gateway, broker, agent], ({ name, pid }) => memoryOf(name, pid, when, needles));
    const live = await inMemory('live');
    const liveAtRelay = await memoryOf('seeing relay', relay.pid, 'live', needles);
    const end = view.end;
    if (end) throw new Error(`the session ended during the search: ${end.code}`);

    view.session.end();
    await over(view.id);
    const after = await inMemory('after');
    const files = await inTurn([gateway, broker, agent], ({ name, pid }) => {
      const folders = [join(system.folder, name), join(system.folder, 'log')];
      return filesOf(name, filesWrittenBy(pid, folders), needles);
    });
    const atRelay = await filesOf('seeing relay', [relay.file], needles);
    const captured = await tapped.stop();
    const flows = flowsOf(captured.packets);
    const seenFlows = flowsOf((await seeing.stop()).packets);
    const onHops = [...hops].map(([hop, port]) => captureOf(hop, port, flows, needles));
    return {
      session: view.id,
      needles,
      secrets: needles.map(digestOf),
      haystacks: [
        ...[...live, liveAtRelay, ...after, ...files],
        ...[atRelay, ...onHops, captureOf('seeing relay', relay.port, seenFlows, needles)],
      ],
      capture: { packets: captured.packets.length, dropped: captured.missed },
      receivedBytes: view.session.receivedBytes,
      typed: KEYS,
      arrived: desktop.vnc.pressed.length - arrivedBefore,
      readByRelay: relay.read,
    };
  } finally {
    await Promise.all([relay.stop(), tapped.stop(), seeing.stop()]);
  }
}

const ofPorts = (ports: readonly number[]): string => `tcp and (${ports.map((port) => `port ${port}`).join(' or ')})`;

interface Working {
  client: Client;
  desktop: Workplace['desktop'];
  recording: Recording;
  relay: RelayThatSees;
}

async function work({ client, desktop, recording, relay }: Working) {
  const frames: Buffer[] = [];
  const typed: Buffer[] = [];
  const arrivedBefore = desktop.vnc.pressed.length;
  const view = await client.view(desktop.id, { cipher: recording.cipher, through: relay.stand });
  await view.picture.complete;
  // From now on the first, coarse picture is refined: what comes is lossless.
  recording.onPlaintext = (direction, plaintext) => {
    if (direction === 'sealed' && plaintext[0] === 4) typed.push(Buffer.from(plaintext));
    if (direction === 'opened' && plaintext.length >= FRAME_MIN_BYTES) frames.push(Buffer.from(plaintext));
  };
  for (let i = 0; i < KEYS; i++) {
    const keysym = randomInt(0x0100_0000, 0x7fff_ffff);
    for (const down of [true, false]) view.session.input({ type: 'key', down, keysym });
    await delay(LOOK_MS);
  }
  const rows = await settledPixels(view, desktop);
  recording.onPlaintext = null;
  const tiles = frames.slice(-MOST_OF_A_KIND).map((frame) => {
    const at = Math.floor(0.6 * (frame.length - SLICE_BYTES));
    return frame.subarray(at, at + SLICE_BYTES);
  });
  const of = (kind: Kind, all: readonly Uint8Array[]): Needle<Kind>[] =>
    all.slice(-MOST_OF_A_KIND).map((bytes) => ({ kind, bytes: Buffer.from(bytes) }));
  const needles = [
    ...of(
      'traffic key',
      recording.keys.map(({ key }) => key),
    ),
    ...of('shared secret', recording.shared),
    ...of('known record', typed),
    ...of('lossless tile', tiles),
    ...of('pixels', rows),
    ...of('session id', [Buffer.from(view.id, 'hex')]),
  ];
  return { view, needles, arrivedBefore };
}

/** Pieces of rows that the client shows exactly as the desktop has them: refined, and not under the watermark. */
async function settledPixels({ picture }: View, desktop: Workplace['desktop']): Promise<Buffer[]> {
  const until = performance.now() + SETTLED_MAX_MS;
  for (;;) {
    const rows = exactRuns(Buffer.from(picture.pixels), desktop);
    if (rows.length >= 4 * MOST_OF_A_KIND) return rows;
    if (performance.now() > until) throw new Error('the picture never became lossless');
    await delay(LOOK_MS);
  }
}

/** Only runs of many colours count; paper is the same everywhere. */
function exactRuns(shown: Buffer, { width, picture }: Workplace['desktop']): Buffer[] {
  const runs: Buffer[] = [];
  const height = picture.length / 4 / width;
  for (let y = 0; y < height; y += 3) {
    for (let x = 0; x + RUN_PIXELS <= width; x += RUN_PIXELS) {
      const at = 4 * (y * width + x);
      const run = shown.subarray(at, at + 4 * RUN_PIXELS);
      if (new Set(run).size > RUN_PIXELS && sameColours(run, picture.subarray(at, at + run.length))) runs.push(run);
    }
  }
  return runs;
}

const sameColours = (a: Buffer, b: Buffer) => a.every((byte, i) => i % 4 === 3 || byte === b[i]);

async function inTurn<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const one of all) results.push(await work(one));
  return results;
}
