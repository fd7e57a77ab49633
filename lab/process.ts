// One process of the system under the lab's care: started, waited for, stopped by its own pid, never by name.
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { HEAP } from '#platform/process/heap.ts';

const READY_MAX_MS = 30_000;
/** Longer than a process needs for its own stop steps. */
const STOP_MAX_MS = 10_000;
const LAST_LINES = 5;

export const ROOT = join(import.meta.dirname, '..');

export interface Running {
  readonly name: string;
  readonly pid: number;
  /** What the ready line said. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** Resolves with the exit code, or null after a signal. */
  readonly exited: Promise<number | null>;
  stop(): Promise<void>;
  /** Without a chance to clean up, as a power cut. */
  kill(): void;
}

/** Where a command runs: here as it is, or on a host that lab/namespaces.ts made. */
export type Place = (program: string, args: readonly string[]) => [program: string, args: string[]];

export const here: Place = (program, args) => [program, [...args]];

/**
 * Starts a main file and resolves once it serves.
 * @param log the process's stderr goes to this file
 * @throws Error with the process's last line if it ends, stays silent or the signal comes first; it is stopped then
 */
export async function start(
  name: string,
  main: string,
  args: readonly string[],
  log: string,
  { signal, place = here }: { signal?: AbortSignal; place?: Place } = {},
): Promise<Running> {
  const child = spawn(...place(process.execPath, nodeArguments(main, args)), {
    cwd: ROOT,
    stdio: ['pipe', 'pipe', 'pipe'],
    // Ctrl-C in a terminal goes to a whole process group; in one of its own a process is stopped once, by the lab.
    detached: true,
    // With the lab's end its children end too, however it ends.
    env: { ...process.env, TW_STOP_WITH_STDIN: '1' },
  });
  child.stdin?.on('error', () => {}); // it died before us
  const last: string[] = [];
  const file = createWriteStream(log, { flags: 'a', mode: 0o600 });
  file.on('error', () => {}); // a full disk must not end the demonstration
  child.stderr?.pipe(file);
  if (child.stderr) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      last.push(line);
      if (last.length > LAST_LINES) last.shift();
    });
  }
  const exited = new Promise<number | null>((resolve) => {
    // Not "exit", which may come before its last line.
    child.once('close', (code) => resolve(code));
    child.once('error', () => resolve(1));
  });
  /** Its own last word; the log has the rest. */
  const lastLine = () => last.findLast((line) => !line.startsWith('{')) ?? last.at(-1) ?? `see ${log}`;
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const cut = setTimeout(() => child.kill('SIGKILL'), STOP_MAX_MS);
    await exited;
    clearTimeout(cut);
  };
  const cancelled = cancellation(signal);
  const ready = await Promise.race([
    readyLine(child),
    exited.then((code) => Promise.reject(new Error(`${name} ended with ${code}: ${lastLine()}`))),
    timeLimit(READY_MAX_MS, () => `${name} was not ready in ${READY_MAX_MS} ms: ${lastLine()}`, exited),
    cancelled.promise,
  ])
    .catch(async (error) => {
      await stop();
      throw error;
    })
    .finally(cancelled.forget);
  return {
    name,
    pid: child.pid as number,
    ready,
    exited,
    stop,
    kill: () => void child.kill('SIGKILL'),
  };
}

function readyLine(child: ChildProcess): Promise<Record<string, unknown>> {
  return new Promise((resolve) => {
    if (!child.stdout) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said: unknown = line.startsWith('{') ? JSON.parse(line) : null;
      if (typeof said === 'object' && said !== null && 'ready' in said) resolve({ ...said });
    });
  });
}

function timeLimit(ms: number, message: () => string, over: Promise<unknown>): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(() => reject(new Error(message())), ms);
    void over.finally(() => clearTimeout(timer));
    timer.unref();
  });
}

/** Rejects when the signal comes; `forget` takes the listener off again. */
function cancellation(signal: AbortSignal | undefined): { promise: Promise<never>; forget(): void } {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const cancel = () => reject(new Error('stopped'));
  if (signal?.aborted) cancel();
  signal?.addEventListener('abort', cancel);
  return { promise, forget: () => signal?.removeEventListener('abort', cancel) };
}

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs one of the project's commands to its end. @throws Error once it has ended if the signal came first */
export function run(
  main: string,
  args: readonly string[],
  { signal, place = here }: { signal?: AbortSignal; place?: Place } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(...place(process.execPath, nodeArguments(main, args)), {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal ? { signal } : {}),
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.once('error', (error) => {
      if (!signal?.aborted) reject(error);
    });
    child.once('close', (code) => {
      if (signal?.aborted) reject(new Error('stopped'));
      else resolve({ code: code ?? 1, stdout, stderr });
    });
  });
}

/** @throws Error with the command's own line if it does not exit 0 */
export async function mustRun(main: string, args: readonly string[], signal?: AbortSignal): Promise<string> {
  const ended = await run(main, args, signal ? { signal } : {});
  if (ended.code !== 0) throw new Error(ended.stderr.trim().split('\n').at(-1) || `${main} ended with ${ended.code}`);
  return ended.stdout;
}

const nodeArguments = (main: string, args: readonly string[]) => [
  // Else whoever may signal a process makes it listen for a debugger, and reads its keys.
  '--disable-sigusr1',
  '--disable-warning=ExperimentalWarning',
  ...HEAP,
  join(ROOT, main),
  ...args,
];
