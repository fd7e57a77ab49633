// D7: no key serves twice, and under no key a nonce comes twice, over sessions, suites, re-keying and reconnects.
import { setTimeout as delay } from 'node:timers/promises';
import { type Bytes, toHex, utf8 } from '#protocol/bytes.ts';
import { Channel } from '#protocol/inner/channel.ts';
import { importSigningKey, newSigningKeyPem, nodeCipher } from '#protocol/inner/cipher-node.ts';
import { answerHello, makeShares, readHello } from '#protocol/inner/handshake.ts';
import { encodeInput } from '#protocol/inner/profile.ts';
import { Suite } from '#protocol/inner/suites.ts';
import { Lane } from '#protocol/lanes.ts';
import { GENERATION_MAX_MS } from '#protocol/limits.ts';
import type { Judgement, Proof } from '../proof.ts';
import { type RecordedKey, type Recording, recordingCipher } from './recording-cipher.ts';
import { type OwnDesktop, SECRECY, type Secrecy } from './stage.ts';

export interface Reuse {
  readonly keys: number;
  /** Keys that came more than once. */
  readonly keysTwice: number;
  readonly nonces: number;
  /** Of sealed records: nonces that came twice under one key. */
  readonly noncesTwice: number;
  /** Of opened ones, which the other end has sealed. */
  readonly openedTwice: number;
  readonly secretsTwice: number;
}

export interface KeyUse {
  /** With the real agent, through the real relays; the client changes its key as after an hour. */
  readonly live: Reuse & {
    readonly sessions: number;
    readonly keyUpdates: number;
    readonly typed: number;
    readonly arrived: number;
  };
  /** Both ends of the product's channel, with small generations in both directions. */
  readonly channels: Reuse & { readonly sessions: number; readonly generations: number };
  /** The same count over a key that was made twice and used twice under one nonce. */
  readonly control: Reuse;
}

const SUITES = [Suite.p256, Suite.x25519, Suite.p256] as const;
/** Of a live session, each after an hour by its client's clock. */
const KEY_UPDATES = 3;
const KEYS_TYPED = 5;
const CHANNELS = 4;
const GENERATION_RECORDS = 16;
const RECORDS_EACH_WAY = 200;

export const keysProof: Proof<KeyUse> = {
  name: 'd7-keys',
  requirements: ['D7'],
  claim: {
    ja: '同じ鍵は二度と使われず、同じ鍵の下で同じノンスも二度と使われない。',
    en: 'No key is ever used twice, and no nonce twice under one key.',
  },
  tried: {
    ja: `記録する暗号器を端末に与え、実際の接続 ${SUITES.length} 本（2 方式、鍵更新 ${KEY_UPDATES} 回ずつ、再接続）の全鍵と全ノンスを数えた。さらに両端を同じプロセスに置き、短い世代で双方向の鍵更新を ${CHANNELS} 接続分行った。`,
    en: `Every key and nonce counted, by a recording cipher, over ${SUITES.length} live sessions (two suites, ${KEY_UPDATES} key updates each, reconnects), and over ${CHANNELS} sessions of both ends in one process with short generations in both directions.`,
  },
  needs: [],
  async collect(run) {
    const stage = await run.stage(SECRECY);
    const live = recordingCipher(nodeCipher);
    let [typed, arrived] = [0, 0];
    for (const suite of SUITES) {
      run.progress(0.2, `a session under suite ${suite}`);
      const session = await typeThroughHours(stage, live, suite);
      typed += session.typed;
      arrived += session.arrived;
    }
    run.progress(0.8, 'both ends in one process');
    const ends: Recording[] = [];
    for (let i = 0; i < CHANNELS; i++) ends.push(...(await bothEnds()));
    const inChannels = reuseIn(
      ends.map(({ keys }) => keys),
      ends.flatMap(({ shared }) => shared),
      2,
    );
    const control = recordingCipher(nodeCipher);
    await useTwice(control);
    return {
      live: {
        ...reuseIn([live.keys], live.shared, 1),
        sessions: SUITES.length,
        keyUpdates: keyUpdatesOf(live),
        typed,
        arrived,
      },
      channels: {
        ...inChannels,
        sessions: CHANNELS,
        generations: ends.reduce((most, { keys }) => Math.max(most, keys.length), 0),
      },
      control: reuseIn([control.keys], [], 1),
    };
  },
  judge: judgeKeys,
};

async function typeThroughHours(stage: Secrecy, recording: Recording, suite: Suite) {
  const desktop: OwnDesktop = stage.nextDesktop();
  const before = desktop.vnc.pressed.length;
  let hours = 0;
  const now = () => performance.now() + hours * GENERATION_MAX_MS;
  const view = await stage.client.view(desktop.id, { cipher: recording.cipher, suite, now });
  await view.picture.complete;
  for (; hours <= KEY_UPDATES; hours++) {
    for (let keysym = 0x61; keysym < 0x61 + KEYS_TYPED; keysym++) {
      for (const down of [true, false]) view.session.input({ type: 'key', down, keysym });
    }
    await delay(100);
  }
  if (view.end) throw new Error(`the session ended with ${view.end.code}`);
  view.session.end();
  await stage.over(view.id);
  return { typed: KEYS_TYPED * (KEY_UPDATES + 1), arrived: desktop.vnc.pressed.length - before };
}

/** Keys that sealed something, beyond handshake and first traffic key of each session. */
const keyUpdatesOf = ({ keys }: Recording) => keys.filter(({ sealed }) => sealed.length > 0).length - 2 * SUITES.length;

/** A handshake and a conversation over many generations, each end with a recording of its own. */
async function bothEnds(): Promise<[Recording, Recording]> {
  const [client, agent] = [recordingCipher(nodeCipher), recordingCipher(nodeCipher)];
  const [agentKey, deviceKey] = [importSigningKey(newSigningKeyPem()), importSigningKey(newSigningKeyPem())];
  const parameters = {
    ...{ session: toHex(nodeCipher.random(16)), epoch: 0, municipality: '999999', desktop: '999999/soumu/pc' },
    ...{ grant: 'a.b.c', lastReceived: 0 },
  };
  const shares = await makeShares(client.cipher, Suite.p256, 'open');
  const { record, next } = await shares.hello(parameters);
  const answered = await answerHello(agent.cipher, readHello(record), agentKey);
  const verified = await (await next.handle(answered.records[0])).handle(answered.records[1], agentKey.publicKey);
  const proving = await verified.prove('tanaka', { kind: 'device-key', key: deviceKey });
  const keys = [{ kind: 'device-key' as const, publicKey: deviceKey.publicKey }];
  const user = await answered.next.handle(proving.record, { user: 'tanaka', keys, webauthn: null });
  const ready = await user.ready({ width: 1, height: 1, idleSeconds: 900, overallSeconds: 900, inputPerSecond: 100 });
  const { established } = await proving.next.handle(ready.record);

  const [inward, outward]: Bytes[][] = [[], []];
  const options = (queue: Bytes[] = []) => ({
    output: (one: Bytes) => void queue.push(one),
    now: () => 0,
    generation: { records: GENERATION_RECORDS, ms: Number.POSITIVE_INFINITY },
  });
  const ends = {
    client: new Channel(client.cipher, established, options(inward)),
    agent: new Channel(agent.cipher, ready.established, options(outward)),
  };
  for (let i = 0; i < RECORDS_EACH_WAY; i++) {
    ends.client.send(Lane.input, encodeInput({ type: 'pointer', buttons: 0, x: i, y: i }));
    ends.agent.send(Lane.frame, utf8(`frame ${i}`));
    for (const one of inward?.splice(0) ?? []) await ends.agent.receive(one);
    for (const one of outward?.splice(0) ?? []) await ends.client.receive(one);
    ends.client.acknowledge(i);
    ends.agent.acknowledge(0);
  }
  return [client, agent];
}

async function useTwice({ cipher }: Recording): Promise<void> {
  const key = cipher.random(32);
  const nothing = new Uint8Array(0);
  for (let i = 0; i < 2; i++) {
    const aead = await cipher.aead(key);
    for (let twice = 0; twice < 2; twice++) await aead.seal(7, nothing, nothing, nothing);
  }
}

/**
 * @param ends the keys of each recording
 * @param holders how many ends have each key, in a recording each
 */
function reuseIn(ends: readonly (readonly RecordedKey[])[], shared: readonly Bytes[], holders: number): Reuse {
  const all = ends.flat();
  const repeated = (names: readonly string[], allowed = 1) => {
    const counts = new Map<string, number>();
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    return [...counts.values()].filter((count) => count > allowed).length;
  };
  const names = all.map(({ key }) => toHex(key));
  const uses = (of: 'sealed' | 'opened') =>
    all.flatMap(({ key, [of]: sequences }) => sequences.map((sequence) => `${toHex(key)} ${sequence}`));
  const sealed = uses('sealed');
  return {
    keys: new Set(names).size,
    keysTwice: repeated(names, holders),
    nonces: sealed.length,
    noncesTwice: repeated(sealed),
    openedTwice: repeated(uses('opened')),
    secretsTwice: repeated(shared.map(toHex), holders),
  };
}

export function judgeKeys({ live, channels, control }: KeyUse): Judgement {
  const fail = (ja: string, en: string): Judgement => ({ result: 'fail', seen: { ja, en } });
  if (control.keysTwice === 0 || control.noncesTwice === 0)
    return fail('再利用を数えられていない。', 'The count does not see a reuse.');
  if (live.arrived < live.typed)
    return fail('打鍵が届いていない。', `Only ${live.arrived} of ${live.typed} keys arrived.`);
  if (live.sessions < SUITES.length || live.keyUpdates < KEY_UPDATES * SUITES.length) {
    return fail(`鍵更新が ${live.keyUpdates} 回しかない。`, `Only ${live.keyUpdates} key updates were seen.`);
  }
  if (channels.sessions < CHANNELS || channels.generations < 10)
    return fail('双方向の鍵更新がない。', 'Generations did not change in both directions.');
  for (const [ja, en, { keysTwice, noncesTwice, openedTwice, secretsTwice }] of [
    ['実際の接続', 'live sessions', live],
    ['両端の試験', 'channels of both ends', channels],
  ] as const) {
    if (keysTwice > 0)
      return fail(`${ja}: ${keysTwice} 個の鍵が二度使われた。`, `${en}: ${keysTwice} keys served twice.`);
    if (noncesTwice + openedTwice > 0)
      return fail(
        `${ja}: ノンスが再利用された。`,
        `${en}: ${noncesTwice + openedTwice} nonces came twice under a key.`,
      );
    if (secretsTwice > 0)
      return fail(`${ja}: 共有秘密が再び現れた。`, `${en}: ${secretsTwice} shared secrets came again.`);
  }
  return {
    result: 'pass',
    seen: {
      ja: `実際の接続 ${live.sessions} 本で鍵 ${live.keys} 個・ノンス ${live.nonces} 個、両端の試験で鍵 ${channels.keys} 個・ノンス ${channels.nonces} 個。再利用は 0。`,
      en: `${live.keys} keys and ${live.nonces} nonces in ${live.sessions} live sessions, ${channels.keys} keys and ${channels.nonces} nonces in the channels: none came twice.`,
    },
  };
}
