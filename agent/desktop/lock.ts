// How a desktop is locked at the end of a session (agent.json, `lock`): by the keys that a person would press, or by a
// command of this machine. A key chord gets no answer over RFB: sent is all that the agent can know of it.
import { spawn } from 'node:child_process';
import * as z from 'zod';
import { Refusal } from '#protocol/codes.ts';
import { JIS_KEYS } from '#protocol/inner/jis-keyboard.ts';

/** A session's end waits no longer for it; a stop of the agent must leave room for the rest. */
export const LOCK_MAX_MS = 3_000;
const CHORD_KEYS_MAX = 4;

/** X keysym names of the keys that write nothing. */
const NAMED_KEYS: ReadonlyMap<string, number> = new Map([
  ['Super_L', JIS_KEYS.MetaLeft.keysym],
  ['Super_R', JIS_KEYS.MetaRight.keysym],
  ['Control_L', JIS_KEYS.ControlLeft.keysym],
  ['Control_R', JIS_KEYS.ControlRight.keysym],
  ['Alt_L', JIS_KEYS.AltLeft.keysym],
  ['Alt_R', JIS_KEYS.AltRight.keysym],
  ['Shift_L', JIS_KEYS.ShiftLeft.keysym],
  ['Shift_R', JIS_KEYS.ShiftRight.keysym],
  ['Delete', JIS_KEYS.Delete.keysym],
  ['Escape', JIS_KEYS.Escape.keysym],
  ['End', JIS_KEYS.End.keysym],
  ['Pause', 0xff13],
  ...Array.from({ length: 12 }, (_, i): [string, number] => [`F${i + 1}`, 0xffbe + i]),
]);

/** @returns the keysyms of a chord such as "Super_L+l" in the order in which they are pressed, or null if it is none */
export function chordOf(text: string): readonly number[] | null {
  const names = text.split('+');
  if (names.length > CHORD_KEYS_MAX) return null;
  const keysyms = names.map((name) => NAMED_KEYS.get(name) ?? (/^[a-z0-9]$/.test(name) ? name.charCodeAt(0) : null));
  return keysyms.includes(null) ? null : keysyms.filter((keysym) => keysym !== null);
}

const CHORD = `one to ${CHORD_KEYS_MAX} X key names joined by +, such as Super_L+l or Control_L+Alt_L+Delete`;

export const lockSchema = z.union(
  [
    z.strictObject({ keys: z.string().refine((text) => chordOf(text) !== null, CHORD) }),
    /** Run as it stands, without a shell. */
    z.strictObject({ command: z.tuple([z.string().startsWith('/', 'an absolute path')], z.string()) }),
    /** Written out, so that nobody leaves a desktop open by forgetting a key. */
    z.literal('none'),
  ],
  { error: 'how to lock: {"keys": "Super_L+l"}, {"command": ["/absolute/path", …]} or "none"' },
);
export type LockConfig = z.infer<typeof lockSchema>;

/** Nothing of the agent's environment: it is none of the command's business (T16). */
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };

/**
 * Its output is not read. At LOCK_MAX_MS it is killed with everything that it started.
 * @throws LOCK_FAILED if it cannot be started, takes too long or does not end with 0
 */
export function runLockCommand([program, ...rest]: readonly [string, ...string[]]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const failed = (why: string) => reject(new Refusal('LOCK_FAILED', why));
  // A process group of its own, so that it can be killed as a whole.
  const child = spawn(program, rest, { stdio: 'ignore', env: ENVIRONMENT, cwd: '/', detached: true });
  const timer = setTimeout(() => {
    failed(`the command took longer than ${LOCK_MAX_MS} ms`);
    if (child.pid !== undefined) killGroup(child.pid);
  }, LOCK_MAX_MS);
  child.once('error', ({ code }: NodeJS.ErrnoException) => {
    clearTimeout(timer);
    failed(`the command cannot be run: ${code ?? 'unknown'}`);
  });
  child.once('exit', (code, signal) => {
    clearTimeout(timer);
    if (code === 0) resolve();
    else failed(`the command ended with ${code ?? signal}`);
  });
  return promise;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}
