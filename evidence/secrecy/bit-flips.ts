// D1: a bit turned on the way is noticed, whichever hop, direction and lane: on the cable by the hop's TLS, and inside a relay,
// where the hops' TLS ends, by the seal between the two ends.
import { setTimeout as delay } from 'node:timers/promises';
import { findAudited } from '#lab/audit-log.ts';
import type { Judgement, Proof } from '../proof.ts';
import { type Attempted, wrongWith } from './attempt.ts';
import { besiegedByBroker } from './broker-siege.ts';
import type { Way } from './middle.ts';
import { FLIPS } from './relay-flips.ts';
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
const _PROTOCOL_ERROR = { code: 'PROTOCOL_ERROR', authentic: true } as const;
const _BY_AGENT = { code: 'PROTOCOL_ERROR', authentic: false } as const;
const _FORGED = { code: 'RECORD_FORGED', authentic: true } as const;

export const bitFlipsProof: Proof<Flips> = {
  name: 'd1-bit-flips',
  requirements: ['D1'],
  claim: {
    ja: 'どの区間・方向・レーンでも、1 ビットの改変が検知され、接続が終わり、監査ログに残る。',
    en: 'One bit turned, on whichever hop, in whichever direction and lane, is noticed, ends the session, and is audited.',
  },
  tried: {
    ja: `全 3 区間の通信線で両方向に 1 ビットずつ（TLS）、さらに乗っ取られた broker の中で、握手の 5 電文と両方向の全レーンに 1 ビットずつ（端末間の封印）、${2 * HOPS.length + FLIPS} 本の接続で反転させた。`,
    en: `One bit turned in each of ${2 * HOPS.length + FLIPS} live sessions: on the cable of all three hops both ways (TLS), and inside a hostile broker in the five messages of the handshake and every lane of both directions (the seal between the ends).`,
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
    run.progress(0.5, 'inside a relay');
    const { flips: insideRelay } = await besiegedByBroker(stage);
    return { onHops, insideRelay };
  },
  judge: judgeFlips,
};

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
  if (onHops.length < 2 * HOPS.length || insideRelay.length < FLIPS)
    return fail('試していない箇所がある。', 'Not everything was tried.');
  for (const one of insideRelay) {
    const wrong = wrongWith(one);
    if (wrong) return { result: 'fail', seen: wrong };
  }
  return {
    result: 'pass',
    seen: {
      ja: `通信線の ${onHops.length} か所と中継内の ${insideRelay.length} か所、すべてで検知され、接続が終わり、監査ログに残った。`,
      en: `Noticed in all ${onHops.length} places on the cables and all ${insideRelay.length} inside a relay; each session ended and is in the audit logs.`,
    },
  };
}
