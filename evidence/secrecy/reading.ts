// What a hostile relay can read of a session: everything that passes it is kept, and searched as the workday's haystacks are.
import { setTimeout as delay } from 'node:timers/promises';
import { audited } from '#lab/audit-log.ts';
import { type Needle, Search } from '#lab/search.ts';
import type { Bytes } from '#protocol/bytes.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import type { InTheMiddle } from './attempt.ts';
import { recordingCipher } from './recording-cipher.ts';
import type { Secrecy } from './stage.ts';

export interface ReadByRelay {
  readonly records: number;
  readonly bytes: number;
  /** Of keys, typed keys and parts of frames: how many were looked for, and how many of them passed in clear. */
  readonly secrets: number;
  readonly found: number;
  /** The session's id, which every hello shows: the search sees. */
  readonly controlFound: boolean;
  /** Of the session, for a replay. */
  readonly inward: readonly Bytes[];
}

const FRAME_MIN_BYTES = 100;
const SLICE_BYTES = 32;

/** An undisturbed session, at which the relay only looks. */
export async function readEverything(stage: Secrecy, hostile: InTheMiddle): Promise<ReadByRelay> {
  const recording = recordingCipher(nodeCipher);
  const needles: Needle<'secret' | 'control'>[] = [];
  recording.onPlaintext = (direction, plaintext) => {
    if (direction === 'sealed' && plaintext[0] === 4) needles.push({ kind: 'secret', bytes: Buffer.from(plaintext) });
    if (direction === 'opened' && plaintext.length >= FRAME_MIN_BYTES) {
      needles.push({ kind: 'secret', bytes: Buffer.from(plaintext.subarray(-SLICE_BYTES)) });
    }
  };
  const view = await stage.client.view(stage.nextDesktop().id, { cipher: recording.cipher });
  await view.picture.complete;
  for (let keysym = 0x0100_4e00; keysym < 0x0100_4e08; keysym++) {
    for (const down of [true, false]) view.session.input({ type: 'key', down, keysym });
  }
  await delay(SETTLE_MS);
  view.session.end();
  // The gateway may be the hostile one, and writes no log then.
  await audited(stage.system, 'agent', 'session-ended', { session: view.id });
  const { came } = hostile.middle;
  needles.push(...recording.keys.map(({ key }) => ({ kind: 'secret' as const, bytes: Buffer.from(key) })));
  const search = new Search([...needles, { kind: 'control', bytes: Buffer.from(view.id, 'hex') }]);
  const records = [...came.inward, ...came.outward];
  for (const record of records) {
    search.push(Buffer.from(record));
    search.cut();
  }
  return {
    ...{ records: records.length, bytes: search.bytes, secrets: needles.length, found: search.found('secret') },
    controlFound: search.found('control') === 1,
    inward: came.inward,
  };
}

const SETTLE_MS = 300;
