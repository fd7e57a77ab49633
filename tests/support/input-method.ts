// A Japanese input method on a real X desktop: fcitx5 with Mozc as Debian has them, and an xterm that takes its text from
// them. It runs there and not at the client: what a client composes could only travel as keysyms, which desktops lose.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const READY_MAX_MS = 30_000;
const LOOK_INTERVAL_MS = 50;

export const NEEDED_FOR_INPUT_METHOD = [
  'fcitx5',
  '/usr/share/fcitx5/inputmethod/mozc.conf',
  'dbus-daemon',
  'xprop',
] as const;

/** Two methods: none, and Mozc. 半角/全角 goes from one to the other. */
const PROFILE = `[Groups/0]
Name=Default
Default Layout=jp
DefaultIM=mozc

[Groups/0/Items/0]
Name=keyboard-jp
Layout=

[Groups/0/Items/1]
Name=mozc
Layout=

[GroupOrder]
0=Default
`;

/** Mozc's server refuses to work for root. */
const ACCOUNT = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

export interface InputMethod {
  /** The lines that arrived in the xterm. */
  typed(): string;
  /** "keyboard-jp" while keys go through as they are, "mozc" while it converts. */
  current(): Promise<string>;
  stop(): Promise<void>;
}

/** @param desktop DISPLAY and XAUTHORITY of a desktop without any other window */
export async function startInputMethod(desktop: NodeJS.ProcessEnv): Promise<InputMethod> {
  const folder = mkdtempSync(join(tmpdir(), 'input-method-'));
  const env: NodeJS.ProcessEnv = {
    ...{ PATH: desktop.PATH, DISPLAY: desktop.DISPLAY, LANG: 'C.UTF-8', XMODIFIERS: '@im=fcitx' },
    ...{ HOME: folder, XDG_RUNTIME_DIR: folder, XAUTHORITY: join(folder, 'xauthority') },
  };
  const children: ChildProcess[] = [];
  const begin = (program: string, args: readonly string[]) => {
    const child = spawn(program, args, { ...ACCOUNT, cwd: folder, env, stdio: ['ignore', 'pipe', 'ignore'] });
    child.on('error', () => {}); // told by what then is not ready
    children.push(child);
    return child;
  };
  const ask = async (program: string, ...args: string[]) =>
    (await execute(program, args, { ...ACCOUNT, cwd: folder, env, timeout: READY_MAX_MS })).stdout.trim();

  const stop = async () => {
    for (const child of children.toReversed()) await end(child);
    await endServerOf(folder);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    copyFileSync(desktop.XAUTHORITY ?? '', env.XAUTHORITY ?? '');
    const profile = join(folder, '.config/fcitx5/profile');
    mkdirSync(dirname(profile), { recursive: true });
    writeFileSync(profile, PROFILE);
    for (const path of ['', 'xauthority', '.config', '.config/fcitx5', '.config/fcitx5/profile']) {
      if (ACCOUNT.uid) chownSync(join(folder, path), ACCOUNT.uid, ACCOUNT.gid);
    }
    const bus = begin('dbus-daemon', ['--session', '--nofork', '--print-address']);
    env.DBUS_SESSION_BUS_ADDRESS = await firstLine(bus);
    begin('fcitx5', []);
    await until(async () => (await ask('xprop', '-root', 'XIM_SERVERS')).includes('fcitx'), 'fcitx5');
    const typedFile = join(folder, 'typed');
    begin('xterm', [
      ...['-u8', '-fa', 'DejaVu Sans Mono', '-fd', 'Noto Sans CJK JP', '-fs', '11', '-geometry', '300x100+0+0'],
      ...['-e', 'sh', '-c', 'exec cat > "$1"', 'sh', typedFile],
    ]);
    const current = () => ask('fcitx5-remote', '-n');
    await until(async () => existsSync(typedFile) && (await current()) === 'keyboard-jp', 'the xterm');
    return { typed: () => readFileSync(typedFile, 'utf8'), current, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('no output');
  const [line] = await once(createInterface({ input: child.stdout }), 'line', {
    signal: AbortSignal.timeout(READY_MAX_MS),
  });
  return line;
}

async function until(ready: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + READY_MAX_MS;
  while (!(await ready().catch(() => false))) {
    if (performance.now() > end) throw new Error(`${what} was not ready within ${READY_MAX_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS));
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** fcitx5 starts Mozc's server as nobody's child; it is known by its home, which is ours alone. */
async function endServerOf(home: string): Promise<void> {
  const left = () =>
    readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && environmentOf(pid).includes(`HOME=${home}`));
  await until(async () => {
    const pids = left();
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {} // it has just ended
    }
    return pids.length === 0;
  }, "the end of Mozc's server");
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
