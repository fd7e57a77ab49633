// A process of the scenario that answers jobs: how it is started and asked, and how it answers.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { lineOf } from '#platform/process/exit.ts';
import { type Placement, placed } from './placement.ts';

/** Jobs by name, each from one value to a promise of another; all of it survives structured cloning. */
type Jobs<J> = { [K in keyof J]: (of: never) => Promise<unknown> };

interface Question {
  id: number;
  job: string;
  of: unknown;
}

interface Answer {
  id: number;
  result?: unknown;
  failed?: string;
}

export interface Worker<J extends Jobs<J>> {
  readonly pid: number;
  /** @throws Error with the process's own line, or that it took too long, or that it has ended */
  ask<K extends keyof J & string>(job: K, of: Parameters<J[K]>[0], maxMs: number): Promise<Awaited<ReturnType<J[K]>>>;
  stop(): Promise<void>;
}

/**
 * @param file in this folder
 * @param options for Node's command line
 */
export function startWorker<J extends Jobs<J>>(
  file: string,
  placement: Placement,
  options: readonly string[] = [],
): Worker<J> {
  const [program, args] = placed(placement, process.execPath, [
    '--disable-warning=ExperimentalWarning',
    ...options,
    join(import.meta.dirname, file),
  ]);
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], serialization: 'advanced' });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  const ended = new Promise<void>((resolve) => {
    const end = (why: string) => {
      for (const { reject } of waiting.values()) reject(new Error(why));
      waiting.clear();
      resolve();
    };
    child.once('exit', (code, signal) => end(`${file} ended (${signal ?? code})`));
    child.once('error', (error) => end(`${file}: ${error.message}`));
  });
  child.on('message', (answer: Answer) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.failed === undefined) asked?.resolve(answer.result);
    else asked?.reject(new Error(answer.failed));
  });
  let next = 0;
  return {
    pid: child.pid as number,
    async ask(job, of, maxMs) {
      const id = next++;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const timer = setTimeout(() => reject(new Error(`${file}: ${job} took longer than ${maxMs} ms`)), maxMs);
      waiting.set(id, { resolve, reject });
      if (hasEnded(child)) reject(new Error(`${file} has ended`));
      else child.send({ id, job, of } satisfies Question, (error) => error && reject(error));
      try {
        return (await promise) as never;
      } finally {
        clearTimeout(timer);
        waiting.delete(id);
      }
    },
    async stop() {
      if (!hasEnded(child)) child.kill('SIGKILL');
      await ended;
    },
  };
}

const hasEnded = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null;

/** The other end: answers jobs until the process that started this one is gone. */
export function answer<J extends Jobs<J>>(jobs: J): void {
  process.on('message', async ({ id, job, of }: Question) => {
    let reply: Answer;
    try {
      reply = { id, result: await jobs[job as keyof J](of as never) };
    } catch (error) {
      reply = { id, failed: lineOf(error) };
    }
    process.send?.(reply);
  });
  process.on('disconnect', () => process.exit(0));
}
