// D1: a bit turned on the way is noticed, whichever hop, direction and lane: on the cable by the hop's TLS, and inside a relay,
// where the hops' TLS ends, by the seal between the two ends.
import { setTimeout as delay } from 'node:timers/promises';
import { findAudited } from '#lab/audit-log.ts';
import { readHeader } from '#protocol/header.ts';
import { Lane } from '#protocol/lanes.ts';
import { HEADER_BYTES } from '#protocol/limits.ts';
import type { Judgement, Proof } from '../proof.ts';
import { type Attempt, type Attempted, attempt, type Expected, type Live, wrongWith } from './attempt.ts';
import { type HostileBroker, takeBrokersPlace } from './hostile-broker.ts';
import type { Meddle, Way } from './middle.ts';
import { inPlaceOf } from './place-of.ts';
import { SECRECY, type Secrecy } from './stage.ts';
import { HOPS, type Hop, type Wires, withWires } from './wire.ts';

export interface Flips {
  readonly onHops: readonly Cut[];
  readonly insideRelay: readonly Attempted[];
}

/** A session on whose hop one bit was turned. */
export interface Cut {
  readonly hop: Hop;
  readonly way: Way;
  /** Exactly one. */
  readonly flips: number;
  readonly client: { readonly code: string; readonly authentic: boolean } | null;
  /** The reason or code in each audit log; null if there is nothing of the end. */
  readonly agent: string | null;
  readonly gateway: string | null;
  readonly broker: string | null;
  /** Keys that were typed before the flip and after it, as many as reached the desktop. */
  readonly arrivedBefore: number;
  readonly arrivedAfter: number;
}

const ENDED_MAX_MS = 5_000;
const PROTOCOL_ERROR = { code: 'PROTOCOL_ERROR', authentic: true } as const;
const BY_AGENT = { code: 'PROTOCOL_ERROR', authentic: false } as const;
const FORGED = { code: 'RECORD_FORGED', authentic: true } as const;

interface Target {
  readonly name: string;
  readonly way: Way;
  /** Of the handshake, the how manieth record of its direction. */
  readonly step?: number;
  readonly lane: Lane;
  readonly act?: Attempt['act'];
  readonly expected: Pick<Expected, 'client' | 'agent'>;
}

const ENDS: Pick<Expected, 'client' | 'agent'> = { client: PROTOCOL_ERROR, agent: /RECORD_FORGED/ };
const FOUND_BY_CLIENT: Pick<Expected, 'client' | 'agent'> = { client: PROTOCOL_ERROR, agent: /ENDED_BY_CLIENT/ };

const targets = (broker: HostileBroker): readonly Target[] => [
  {
    name: 'hello',
    way: 'inward',
    step: 0,
    lane: Lane.handshake,
    expected: { client: BY_AGENT, agent: /GRANT_MISMATCH|MALFORMED|KEY_SHARE_INVALID/ },
  },
  { name: 'answer', way: 'outward', step: 0, lane: Lane.handshake, expected: { client: FORGED, agent: /PEER_GONE/ } },
  { name: 'identity', way: 'outward', step: 1, lane: Lane.handshake, expected: { client: FORGED, agent: /PEER_GONE/ } },
  {
    name: 'proof',
    way: 'inward',
    step: 1,
    lane: Lane.handshake,
    expected: { client: BY_AGENT, agent: /RECORD_FORGED/ },
  },
  { name: 'ready', way: 'outward', step: 2, lane: Lane.handshake, expected: { client: FORGED, agent: /PEER_GONE/ } },
  { name: 'input', way: 'inward', lane: Lane.input, act: ({ type }) => type(), expected: ENDS },
  { name: 'control', way: 'inward', lane: Lane.control, act: ({ view }) => view.session.refresh(), expected: ENDS },
  { name: 'acknowledgement', way: 'inward', lane: Lane.ack, expected: ENDS },
  // The client has ended by itself; that it did so cannot be changed on the way.
  {
    name: 'close',
    way: 'inward',
    lane: Lane.close,
    act: ({ view }) => view.session.end(),
    expected: { client: { code: 'ENDED', authentic: true }, agent: /RECORD_FORGED/ },
  },
  { name: 'frame', way: 'outward', lane: Lane.frame, expected: FOUND_BY_CLIENT },
  { name: 'acknowledgement', way: 'outward', lane: Lane.ack, act: pointing, expected: FOUND_BY_CLIENT },
  {
    name: 'close',
    way: 'outward',
    lane: Lane.close,
    act: ({ middle }) => broker.revoke(middle.session),
    expected: { client: PROTOCOL_ERROR, agent: /SIGNED_OUT/ },
  },
];

function pointing({ view }: Live): void {
  view.session.input({ type: 'pointer', buttons: 0, x: 1, y: 1 });
}
const TARGETS = 12;

export const bitFlipsProof: Proof<Flips> = {
  name: 'd1-bit-flips',
  requirements: ['D1'],
  claim: {
    ja: 'どの区間・方向・レーンでも、1 ビットの改変が検知され、接続が終わり、監査ログに残る。',
    en: 'One bit turned, on whichever hop, in whichever direction and lane, is noticed, ends the session, and is audited.',
  },
  tried: {
    ja: `全 3 区間の通信線で両方向に 1 ビットずつ（TLS）、さらに乗っ取られた broker の中で、握手の 5 電文と両方向の全レーンに 1 ビットずつ（端末間の封印）、${2 * HOPS.length + TARGETS} 本の接続で反転させた。`,
    en: `One bit turned in each of ${2 * HOPS.length + TARGETS} live sessions: on the cable of all three hops both ways (TLS), and inside a hostile broker in the five messages of the handshake and every lane of both directions (the seal between the ends).`,
  },
  needs: [],
  async collect(run) {
    const stage = await run.stage(SECRECY);
    const onHops = await withWires(stage, async (wires) => {
      const cuts: Cut[] = [];
      for (const hop of HOPS)
        for (const way of ['inward', 'outward'] as const) {
          run.progress(0.1 + 0.06 * cuts.length, `${hop}, ${way}`);
          cuts.push(await flipOnHop(stage, wires, hop, way));
        }
      return cuts;
    });
    const insideRelay = await inPlaceOf(
      'broker',
      stage,
      () => takeBrokersPlace(stage.system),
      async (broker) => {
        const flipped: Attempted[] = [];
        for (const target of targets(broker)) {
          run.progress(0.5 + 0.04 * flipped.length, `${target.name}, ${target.way}`);
          flipped.push(await attempt(stage, broker, attemptOf(target)));
        }
        return flipped;
      },
    );
    return { onHops, insideRelay };
  },
  judge: judgeFlips,
};

function attemptOf({ name, way, step, lane, act, expected }: Target): Attempt {
  const fits = (record: Uint8Array) =>
    readHeader(record).lane === lane && (step === undefined || readHeader(record).sequence === step);
  const meddle = (): Meddle => {
    let done = false;
    return (one, record) => {
      if (done || one !== way || !fits(record)) return [record];
      done = true;
      // Anywhere behind the header, which the relay itself would refuse.
      const at = HEADER_BYTES + Math.floor(Math.random() * (record.length - HEADER_BYTES));
      return [record.with(at, (record[at] ?? 0) ^ (1 << Math.floor(Math.random() * 8)))];
    };
  };
  return {
    ...{ name: `${name}, ${way}`, said: { ja: name, en: name }, meddle, expected: { ...expected, arrivedMax: 0 } },
    ...(act ? { act } : {}),
  };
}

async function flipOnHop({ system, client, nextDesktop }: Secrecy, wires: Wires, hop: Hop, way: Way): Promise<Cut> {
  const desktop = nextDesktop();
  const { pressed } = desktop.vnc;
  const before = pressed.length;
  const view = await client.view(desktop.id);
  await view.picture.complete;
  const type = () => {
    for (const down of [true, false]) view.session.input({ type: 'key', down, keysym: 0x61 });
  };
  type();
  const arrived = performance.now() + ENDED_MAX_MS;
  while (pressed.length === before && performance.now() < arrived) await delay(10);
  const arrivedBefore = pressed.length - before;
  const wire = wires[hop];
  const flips = wire.flips;
  wire.flipNext(way);
  type();
  await Promise.race([view.ended, delay(ENDED_MAX_MS)]);
  const session = view.id;
  const reason = async (name: 'agent' | 'gateway' | 'broker', event: string) => {
    const found = await findAudited(system, name, event, { session }, ENDED_MAX_MS);
    return found ? String(found.fields.reason ?? found.fields.code) : null;
  };
  return {
    ...{ hop, way, flips: wire.flips - flips, client: view.end },
    agent: await reason('agent', 'session-ended'),
    gateway: await reason('gateway', 'relay-ended'),
    broker: await reason('broker', 'session-ended'),
    arrivedBefore,
    arrivedAfter: pressed.length - before - arrivedBefore,
  };
}

export function judgeFlips({ onHops, insideRelay }: Flips): Judgement {
  const fail = (ja: string, en: string): Judgement => ({ result: 'fail', seen: { ja, en } });
  for (const { hop, way, flips, client, agent, gateway, broker, arrivedBefore, arrivedAfter } of onHops) {
    const where = `${hop}, ${way}`;
    if (flips !== 1 || arrivedBefore === 0)
      return fail(`${where}: 試験が成り立たない。`, `${where}: nothing was tried.`);
    if (!client || client.authentic)
      return fail(`${where}: 端末に異常が示されない。`, `${where}: the client shows nothing wrong.`);
    if (agent !== 'PEER_GONE' || !gateway || !broker)
      return fail(
        `${where}: 監査ログに終了がない。`,
        `${where}: not in every audit log (${agent}, ${gateway}, ${broker}).`,
      );
    if (way === 'inward' && arrivedAfter > 0)
      return fail(`${where}: 改変後の打鍵が届いた。`, `${where}: a key behind the turned bit arrived.`);
  }
  if (onHops.length < 2 * HOPS.length || insideRelay.length < TARGETS)
    return fail('試していない箇所がある。', 'Not everything was tried.');
  for (const one of insideRelay) {
    const wrong = wrongWith(one);
    if (wrong) return fail(`${one.name}: ${wrong}`, `${one.name}: ${wrong}.`);
  }
  return {
    result: 'pass',
    seen: {
      ja: `通信線の ${onHops.length} か所と中継内の ${insideRelay.length} か所、すべてで検知され、接続が終わり、監査ログに残った。`,
      en: `Noticed in all ${onHops.length} places on the cables and all ${insideRelay.length} inside a relay; each session ended and is in the audit logs.`,
    },
  };
}
