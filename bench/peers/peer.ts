// A relay beside which ours is measured: what it is, and how one is started.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { TlsFiles } from '#platform/hop/tls.ts';
import type { Target } from './jobs.ts';
import { placed } from './placement.ts';

export interface Versions {
  version: string;
  /** That it runs with, which may differ from the one it was built with. */
  openssl: string;
}

export interface Surroundings {
  /** Scratch, for this peer alone; removed afterwards. */
  folder: string;
  server: TlsFiles;
  client: TlsFiles;
  /** The source of the load, and another one for the probes: each behind an address of the relay of its own. */
  load: { tls: number; plain: number };
  probe: { tls: number; plain: number };
}

export type Purpose = 'load' | 'probe';

/** One way through a relay, made anew for each connection. */
export interface Way {
  target: Target;
  /** Where the source must dial in, too; null if the relay dials the source. */
  sourceDials: string | null;
}

export interface StartedRelay {
  /** The roots of its process tree. */
  pids: readonly number[];
  way(purpose: Purpose): Way;
  stop(): Promise<void>;
}

export interface Peer {
  id: string;
  title: string;
  /** What it does differently from the others. */
  note: string;
  /** @throws Missing */
  versions(): Versions;
  /** Serves when this resolves. @throws Error in one line; nothing of it runs then */
  start(around: Surroundings): Promise<StartedRelay>;
}

/** The peer is not on this machine. */
export class Missing extends Error {}

/** For relays that listen on one port for each purpose and know where the source is. */
export const byPort =
  (ports: Record<Purpose, number>) =>
  (purpose: Purpose): Way => ({
    target: { port: ports[purpose], path: '/', rendezvous: false },
    sourceDials: null,
  });

/** @returns what a program says about itself, on either output @throws Missing if it cannot be run */
export function said(name: string, args: readonly string[]): string {
  const { error, stdout, stderr } = spawnSync(name, args, { encoding: 'utf8', timeout: 10_000 });
  if (error) throw new Missing(`${name} is not installed`);
  return `${stdout}${stderr}`;
}

/** @throws Missing if the text does not hold it */
export function found(text: string, pattern: RegExp, what: string): string {
  const value = pattern.exec(text)?.[1];
  if (!value) throw new Missing(`${what} does not tell its version`);
  return value;
}

/** For what a relay needs done before it starts. @throws Error with its last line unless it exits 0 */
export async function runToEnd(name: string, args: readonly string[], cwd: string): Promise<void> {
  const child = spawn(name, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: READY_MAX_MS });
  const last = lastLine(child);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${last()}`);
}

const READY_MAX_MS = 30_000;

/** A relay that is somebody else's program. */
export interface Program {
  pid: number;
  stop(): Promise<void>;
}

/**
 * @param ports that it listens on once it is ready
 * @throws Error with the last line that the program said
 */
export async function startProgram(
  name: string,
  args: readonly string[],
  ports: readonly number[],
  { cwd }: { cwd?: string } = {},
): Promise<Program> {
  const child = spawn(...placed('relay', name, args), {
    cwd,
    // An open stdin: its end tells those that read it, as MeshCentral does, that we are gone.
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  child.stdin.on('error', () => {});
  const last = lastLine(child);
  let ended: string | null = null;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code) => (ended = `${name} ended with ${code}: ${last()}`));
  const stop = () => stopGroup(child);
  for (const deadline = Date.now() + READY_MAX_MS; ; await delay(50)) {
    if (ended) throw new Error(ended);
    if ((await Promise.all(ports.map(isServed))).every(Boolean)) break;
    if (Date.now() < deadline) continue;
    await stop();
    throw new Error(`${name} was not ready in ${READY_MAX_MS} ms: ${last()}`);
  }
  return { pid: child.pid as number, stop };
}

/** What a program said last, on either output; it must be read, or the program stops when the pipe is full. */
function lastLine(child: ChildProcess): () => string {
  let last = '';
  for (const output of [child.stdout, child.stderr]) {
    output?.on('data', (chunk: Buffer) => {
      last = chunk.toString('utf8').trim().split('\n').at(-1) || last;
    });
  }
  return () => last;
}

/** With its children: some of the peers start one for every connection. */
async function stopGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  // Its own group, by its own number: it was started detached.
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // It has just ended by itself, and we are about to be told.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  await gone;
}

function isServed(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
