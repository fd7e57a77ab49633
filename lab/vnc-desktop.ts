// A real desktop for tests and bench: Xtigervnc on a Unix socket, without any TCP port, with a Japanese keyboard, and an xterm
// over the whole screen that writes what is typed to a file, line by line.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createCipheriv, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

export interface VncDesktopOptions {
  readonly width: number;
  readonly height: number;
  /** Start the xterm. */
  readonly xterm: boolean;
  /** With VNC password authentication; at most 8 ASCII characters. */
  readonly password?: string;
}

export interface VncDesktop {
  /** "unix:/…/vnc.sock" */
  readonly address: string;
  readonly socketPath: string;
  /** Mode 0600, holds the password and a newline; only with one. */
  readonly passwordFile: string;
  /** For X programs of a test: DISPLAY, XAUTHORITY, HOME. */
  readonly env: NodeJS.ProcessEnv;
  /** The lines that arrived in the xterm. */
  typed(): string;
  /** The server dies at once, as in a crash. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

const READY_MAX_MS = 15_000;

/** For describe.skipIf(!needs(...NEEDED)). */
export const NEEDED_FOR_VNC_DESKTOP = [
  'Xtigervnc',
  'xterm',
  'xkbcomp',
  '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc',
] as const;

export async function startVncDesktop(options: VncDesktopOptions): Promise<VncDesktop> {
  const folder = mkdtempSync(join(tmpdir(), 'vnc-desktop-'));
  const children: ChildProcess[] = [];
  const socketPath = join(folder, 'vnc.sock');
  const passwordFile = join(folder, 'password');
  const typedFile = join(folder, 'typed');
  const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: join(folder, 'home'), LANG: 'C.UTF-8' };
  mkdirSync(join(folder, 'home'), { mode: 0o700 });
  env.XAUTHORITY = join(folder, 'xauthority');
  writeFileSync(env.XAUTHORITY, anyDisplayCookie(), { mode: 0o600 });

  const stop = async () => {
    for (const child of children.toReversed()) await end(child, 'SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const server = startServer(options, folder, socketPath, passwordFile, env);
    children.push(server);
    env.DISPLAY = `:${await displayOf(server)}`;
    await until(() => existsSync(socketPath), 'the VNC socket');
    execFileSync('setxkbmap', ['-model', 'jp106', '-layout', 'jp'], { env });
    if (options.xterm) {
      children.push(startXterm(typedFile, env));
      await until(() => existsSync(typedFile), 'the xterm');
    }
    return {
      address: `unix:${socketPath}`,
      socketPath,
      passwordFile,
      env,
      typed: () => readFileSync(typedFile, 'utf8'),
      kill: () => end(server, 'SIGKILL'),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startServer(
  options: VncDesktopOptions,
  folder: string,
  socketPath: string,
  passwordFile: string,
  env: NodeJS.ProcessEnv,
): ChildProcess {
  const security = ['-SecurityTypes', options.password === undefined ? 'None' : 'VncAuth'];
  if (options.password !== undefined) {
    writeFileSync(passwordFile, `${options.password}\n`, { mode: 0o600 });
    writeFileSync(join(folder, 'vncpasswd'), obscured(options.password), { mode: 0o600 });
    security.push('-PasswordFile', join(folder, 'vncpasswd'));
  }
  // Descriptor 3: the server chooses a free display by itself and says its number there
  return spawn(
    'Xtigervnc',
    [
      ...['-displayfd', '3', '-auth', env.XAUTHORITY ?? '', '-nolisten', 'tcp'],
      ...['-geometry', `${options.width}x${options.height}`, '-depth', '24'],
      ...['-rfbport', '-1', '-rfbunixpath', socketPath, '-rfbunixmode', '384', ...security],
      ...['-AcceptCutText=0', '-SendCutText=0', '-SendPrimary=0', '-SetPrimary=0'],
      ...['-RawKeyboard=1', '-BlacklistThreshold=1000', '-Log', '*:stderr:30'],
    ],
    { env, stdio: ['ignore', 'ignore', 'ignore', 'pipe'] },
  );
}

/** Without a window manager the window under the pointer, which starts in the middle, gets the keys. */
function startXterm(typedFile: string, env: NodeJS.ProcessEnv): ChildProcess {
  const font = ['-fa', 'DejaVu Sans Mono', '-fd', 'Noto Sans CJK JP', '-fs', '11'];
  const script = 'exec cat > "$1"';
  return spawn('xterm', ['-u8', ...font, '-geometry', '300x100+0+0', '-e', 'sh', '-c', script, 'sh', typedFile], {
    env,
    stdio: 'ignore',
  });
}

async function displayOf(server: ChildProcess): Promise<string> {
  const output = server.stdio[3] as Readable;
  let said = '';
  output.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  await until(() => {
    if (server.exitCode !== null) throw new Error(`Xtigervnc ended with ${server.exitCode}`);
    return said.includes('\n');
  }, 'Xtigervnc');
  return said.trim();
}

async function until(ready: () => boolean, what: string): Promise<void> {
  const end = performance.now() + READY_MAX_MS;
  while (!ready()) {
    if (performance.now() > end) throw new Error(`${what} was not ready within ${READY_MAX_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

/** An Xauthority entry of family "wild": it counts for whatever display the server takes. */
function anyDisplayCookie(): Buffer {
  const counted = (bytes: Buffer) => Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
  const none = Buffer.alloc(0);
  const name = Buffer.from('MIT-MAGIC-COOKIE-1');
  return Buffer.concat([Buffer.from([0xff, 0xff]), ...[none, none, name, randomBytes(16)].map(counted)]);
}

/** The server's password file: the password under DES with a key that everybody knows. */
function obscured(password: string): Buffer {
  // 23 82 107 6 35 78 88 7, each byte with its bits in the other order
  const key = Buffer.from('e84ad660c4721ae0', 'hex');
  const block = Buffer.alloc(8);
  block.write(password, 'latin1');
  const cipher = createCipheriv('des-ede3-ecb', Buffer.concat([key, key, key]), null).setAutoPadding(false);
  return Buffer.concat([cipher.update(block), cipher.final()]);
}
