// A1, A2: what is not keys, pointer or pixels cannot be said. The messages of a session are enumerated, and a client that was
// modified says the forbidden ones to the real agent and to the relays in front of it.
import { setTimeout as delay } from 'node:timers/promises';
import { findAudited, type ProcessName } from '#lab/audit-log.ts';
import { type Bytes, concat } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import { writeHeader } from '#protocol/header.ts';
import { Channel } from '#protocol/inner/channel.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { decodeControl, decodeInput, encodeInput } from '#protocol/inner/profile.ts';
import { Lane } from '#protocol/lanes.ts';
import { CONTROL_PLAINTEXT_BYTES, INPUT_PLAINTEXT_BYTES } from '#protocol/limits.ts';
import type { End } from '#web/core/ends.ts';
import type { Judgement, Proof } from '../proof.ts';
import { SECRECY, type Secrecy } from './stage.ts';

export interface Spoken {
  readonly what: string;
  /** Who must refuse it. */
  readonly by: ProcessName;
  readonly code: string | null;
  readonly authentic: boolean | null;
  /** In that process's audit log, for this session. */
  readonly audited: string | null;
  /** Keys that reached the desktop after it was said. */
  readonly arrived: number;
}

export interface Grammar {
  /** Message types that the agent's decoders know, of all 256. */
  readonly inputTypes: readonly number[];
  readonly controlTypes: readonly number[];
  readonly spoken: readonly Spoken[];
  /** Keys of the same modified client that reached the desktop when it said nothing forbidden. */
  readonly allowed: { readonly typed: number; readonly arrived: number };
}

/** KeyEvent, PointerEvent, QEMU's extended key; refresh, key-update, desktop size. */
const INPUT_TYPES = [4, 5, 255];
const CONTROL_TYPES = [3, 240, 251];
const KEY = encodeInput({ type: 'key', down: true, keysym: 0x61 });
const RELEASE = encodeInput({ type: 'key', down: false, keysym: 0x61 });

type Lanes = typeof Lane.input | typeof Lane.control;
/** What other remote desktops have, by the number that RFB has for it. */
const FORBIDDEN: readonly [what: string, lane: Lanes, head: readonly number[]][] = [
  ['the pixel format (0)', Lane.input, [0]],
  ['encodings (2)', Lane.input, [2]],
  ['the clipboard (6)', Lane.input, [6, 0, 0, 0, 0, 0, 0, 3, 97, 98, 99]],
  ['the clipboard (6) as control', Lane.control, [6, 0, 0, 0, 0, 0, 0, 3, 97, 98, 99]],
  ['a file (UltraVNC 7)', Lane.input, [7, 1]],
  ['a chat (UltraVNC 11)', Lane.input, [11]],
  ['switching the desktop off (xvp 250)', Lane.control, [250, 0, 1, 2]],
  ['a file (TightVNC 252)', Lane.control, [252]],
  ['a device (gii 253)', Lane.input, [253, 1]],
  ['sound (QEMU 255/1)', Lane.input, [255, 1]],
  ['a key as control', Lane.control, [4, 1]],
];

/** What the relays refuse before an agent hears of it: lane and length stand in the header. */
const BROKEN: readonly [what: string, make: (key: Bytes) => Bytes][] = [
  ['pixels towards the office', (key) => relabelled(key, Lane.frame)],
  ['a lane of its own', (key) => relabelled(key, 9)],
  ['a longer message', (key) => concat(key, Uint8Array.of(0))],
];

export const grammarProof: Proof<Grammar> = {
  name: 'a1-closed-grammar',
  requirements: ['A1', 'A2'],
  claim: {
    ja: '入力と画面のほかに送れるものはなく、クリップボード・ファイル・音声などの電文は存在しない。改造した端末が送っても、庁内側と中継が拒む。',
    en: 'There is no message for anything but input and pixels: no clipboard, no file, no sound. A modified client that says one is refused by the agent and by the relays.',
  },
  tried: {
    ja: `256 種類の電文番号をすべて庁内側の復号器に渡した。さらに改造した端末で、禁止された電文 ${FORBIDDEN.length} 種と、形の壊れたレコード ${BROKEN.length} 種を、実際の接続ごとに送った。`,
    en: `All 256 message numbers given to the agent's decoders; and from a modified client ${FORBIDDEN.length} forbidden messages and ${BROKEN.length} malformed records, each in a live session of its own.`,
  },
  needs: [],
  async collect(run) {
    const stage = await run.stage(SECRECY);
    const spoken: Spoken[] = [];
    const all = [
      ...FORBIDDEN.map(([what, lane, head]) => ({
        what,
        by: 'agent' as const,
        say: (one: Modified) => one.seal(lane, head),
      })),
      ...BROKEN.map(([what, make]) => ({
        what,
        by: 'gateway' as const,
        say: (one: Modified) => make(one.seal(Lane.input, KEY)),
      })),
    ];
    for (const { what, by, say } of all) {
      run.progress(spoken.length / all.length, what);
      spoken.push(await sayIt(stage, what, by, say));
    }
    return {
      inputTypes: knownTypes(INPUT_PLAINTEXT_BYTES, decodeInput),
      controlTypes: knownTypes(CONTROL_PLAINTEXT_BYTES, decodeControl),
      spoken,
      allowed: await sayAllowed(stage),
    };
  },
  judge: judgeGrammar,
};

interface Modified {
  readonly session: string;
  readonly end: End | null;
  readonly ended: Promise<End>;
  /** @returns a record of any plaintext, padded with zeros */
  seal(lane: Lanes, plaintext: ArrayLike<number>): Bytes;
  send(record: Bytes): void;
}

/** Verified as any other, and then it says what the run wants. */
async function openModified({ client }: Secrecy, desktop: string): Promise<Modified> {
  const { established, socket, inbox } = await client.open(desktop);
  const sealed: Bytes[] = [];
  const channel = new Channel(nodeCipher, established, {
    output: (record) => sealed.push(record),
    now: client.around.now,
  });
  const { promise: ended, resolve } = Promise.withResolvers<End>();
  let end: End | null = null;
  let incoming: Promise<unknown> = Promise.resolve();
  const over = (how: End) => {
    end ??= how;
    resolve(how);
  };
  inbox.handOver({
    text() {},
    record(record) {
      incoming = incoming.then(async () => {
        const message = await channel.receive(record);
        if (message?.lane === Lane.close) over({ code: message.code, authentic: true });
      });
    },
    closed: (code) => void incoming.finally(() => over({ code, authentic: false })),
  });
  return {
    session: established.session.id,
    get end() {
      return end;
    },
    ended,
    seal(lane, plaintext) {
      channel.send(lane, Uint8Array.from(plaintext));
      return sealed.at(-1) as Bytes;
    },
    send: (record) => socket.sendRecord(record),
  };
}

const ENDED_MAX_MS = 4_000;
const EVENT: Readonly<Record<'agent' | 'gateway', string>> = { agent: 'input-refused', gateway: 'lane-violation' };

async function sayIt(
  stage: Secrecy,
  what: string,
  by: 'agent' | 'gateway',
  say: (one: Modified) => Bytes,
): Promise<Spoken> {
  const desktop = stage.nextDesktop();
  const before = desktop.vnc.pressed.length;
  const modified = await openModified(stage, desktop.id);
  modified.send(say(modified));
  // What it says afterwards must not reach the desktop.
  modified.send(modified.seal(Lane.input, KEY));
  await Promise.race([modified.ended, delay(ENDED_MAX_MS)]);
  const audited = await findAudited(stage.system, by, EVENT[by], { session: modified.session }, ENDED_MAX_MS);
  await stage.over(modified.session);
  const { end } = modified;
  return {
    ...{ what, by, code: end?.code ?? null, authentic: end?.authentic ?? null },
    audited: audited ? String(audited.fields.reason) : null,
    arrived: desktop.vnc.pressed.length - before,
  };
}

/** The positive control: the same client may type. */
async function sayAllowed(stage: Secrecy): Promise<Grammar['allowed']> {
  const desktop = stage.nextDesktop();
  const before = desktop.vnc.pressed.length;
  const modified = await openModified(stage, desktop.id);
  for (const message of [KEY, RELEASE, KEY, RELEASE]) modified.send(modified.seal(Lane.input, message));
  const until = performance.now() + ENDED_MAX_MS;
  while (desktop.vnc.pressed.length - before < 2 && performance.now() < until) await delay(10);
  const arrived = desktop.vnc.pressed.length - before;
  modified.send(modified.seal(Lane.control, [6])); // ends it
  await stage.over(modified.session);
  return { typed: 2, arrived };
}

/** A type that is not known is MESSAGE_UNKNOWN, whatever follows it. */
function knownTypes(length: number, decode: (bytes: Uint8Array) => unknown): number[] {
  return Array.from({ length: 256 }, (_, type) => type).filter((type) => {
    const bytes = new Uint8Array(length);
    bytes[0] = type;
    try {
      decode(bytes);
      return true;
    } catch (error) {
      return !(error instanceof Refusal && error.reason === 'MESSAGE_UNKNOWN');
    }
  });
}

function relabelled(key: Bytes, lane: number): Bytes {
  const record = key.slice();
  writeHeader(record, { lane: lane as Lane, sequence: 2 });
  return record;
}

export function judgeGrammar({ inputTypes, controlTypes, spoken, allowed }: Grammar): Judgement {
  const fail = (ja: string, en: string): Judgement => ({ result: 'fail', seen: { ja, en } });
  if (String(inputTypes) !== String(INPUT_TYPES))
    return fail(`入力の電文番号: ${inputTypes}`, `Message numbers of input: ${inputTypes}`);
  if (String(controlTypes) !== String(CONTROL_TYPES))
    return fail(`制御の電文番号: ${controlTypes}`, `Message numbers of control: ${controlTypes}`);
  if (allowed.arrived < allowed.typed) {
    return fail('許された打鍵も届かず、試験が成り立たない。', 'Not even an allowed key arrived: nothing was tried.');
  }
  if (spoken.length < FORBIDDEN.length + BROKEN.length)
    return fail('試していない電文がある。', 'Not everything was tried.');
  for (const { what, by, code, authentic, audited, arrived } of spoken) {
    if (code !== 'PROTOCOL_ERROR')
      return fail(`「${what}」の後も接続が終わらない（${code}）。`, `After ${what} the session was left with ${code}.`);
    if (by === 'agent' && !authentic)
      return fail(`「${what}」を庁内側自身が終わらせていない。`, `${what} was not ended by the agent itself.`);
    if (audited === null) return fail(`「${what}」が監査ログにない。`, `${what} is not in the audit log.`);
    if (by === 'agent' && audited !== 'MESSAGE_UNKNOWN')
      return fail(`「${what}」は ${audited} とされた。`, `${what} was taken for ${audited}.`);
    if (arrived > 0) return fail(`「${what}」の後の打鍵が届いた。`, `A key after ${what} reached the desktop.`);
  }
  const refused = spoken.filter(({ by }) => by === 'agent').length;
  return {
    result: 'pass',
    seen: {
      ja: `庁内側が解釈する電文は入力 ${inputTypes.length} 種、制御 ${controlTypes.length} 種だけ。禁止された ${refused} 種は庁内側が、壊れた ${spoken.length - refused} 種は gateway が接続を終わらせ、監査ログに残した。`,
      en: `The agent knows ${inputTypes.length} messages of input and ${controlTypes.length} of control, of 256 numbers. ${refused} forbidden ones ended the session at the agent, ${spoken.length - refused} malformed ones at the gateway, each audited.`,
    },
  };
}
