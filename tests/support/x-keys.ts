// What a program on a real X desktop is told of the keyboard: xev in a window over the whole screen, read as it speaks.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** One KeyPress or KeyRelease, as the X server and the desktop's keymap make it out of a key. */
export interface XKey {
  readonly down: boolean;
  /** Of the X server: which key it is. */
  readonly keycode: number;
  /** What the keymap says that it means now, for example "Zenkaku_Hankaku"; "NoSymbol" for nothing. */
  readonly keysym: string;
}

export interface XKeyWatch {
  /** Resolves with the oldest `count` events not yet taken. @throws Error with what came if they are not there in time */
  take(count: number): Promise<XKey[]>;
  stop(): Promise<void>;
}

const READY_MAX_MS = 15_000;

/**
 * Resolves when the window is there and has the keyboard: without a window manager, the window under the pointer.
 * @param env DISPLAY and XAUTHORITY
 */
export async function watchXKeys(env: NodeJS.ProcessEnv, size: { width: number; height: number }): Promise<XKeyWatch> {
  const geometry = `${size.width}x${size.height}+0+0`;
  const xev = spawn('xev', ['-geometry', geometry, '-event', 'keyboard'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const keys: XKey[] = [];
  let last = '';
  let mapped = false;
  let changed = () => {};
  createInterface({ input: xev.stdout }).on('line', (line) => {
    if (/^(?:KeyPress|KeyRelease) event/.test(line)) last = line;
    // Sent once the window is on the screen and under the pointer.
    if (line.startsWith('KeymapNotify')) mapped = true;
    const told = /keycode (\d+) \(keysym 0x[0-9a-f]+, (\w+)\)/.exec(line);
    if (told) keys.push({ down: last.startsWith('KeyPress'), keycode: Number(told[1]), keysym: told[2] ?? '' });
    changed();
  });
  const until = (ready: () => boolean, late: () => string) =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(late())), READY_MAX_MS);
      changed = () => {
        if (!ready()) return;
        clearTimeout(timer);
        changed = () => {};
        resolve();
      };
      changed();
    });
  const stop = async () => {
    if (xev.exitCode !== null || xev.signalCode !== null) return;
    const exited = once(xev, 'exit');
    xev.kill();
    await exited;
  };
  try {
    await until(
      () => mapped,
      () => 'xev had no window under the pointer in time',
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    async take(count) {
      await until(
        () => keys.length >= count,
        () => `${keys.length} of ${count} key events came: ${JSON.stringify(keys.slice(-5))}`,
      );
      return keys.splice(0, count);
    },
    stop,
  };
}
