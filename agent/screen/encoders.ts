// The agent's encoder threads, shared by all of its sessions, so that the event loop never encodes and a second session
// needs no threads of its own. Pixels and masks lie in shared memory: a job carries no picture.
import { Worker } from 'node:worker_threads';
import { Refusal } from '#protocol/codes.ts';
import type { Encoded, EncodeJob } from './encode.ts';

interface Task {
  readonly job: EncodeJob;
  /** A thread has died over it once. */
  retried: boolean;
  resolve(encoded: Encoded): void;
  reject(refusal: Refusal): void;
}

/** A place for one thread. A dead thread is replaced when there is work for it, so that none can die in a loop. */
interface Slot {
  worker: Worker | null;
  task: Task | null;
  /** When it got its task, ms. */
  begunAt: number;
}

/** Since the pool was made. */
export interface EncodeCounts {
  /** Tiles, or parts of them, and the bytes they became. */
  readonly tiles: number;
  readonly bytes: number;
  /** Time that threads were busy, all of them together. */
  readonly busyMs: number;
}

const WORKER = new URL('./encode-worker.ts', import.meta.url);

export class Encoders {
  readonly #script: URL;
  readonly #slots: Slot[];
  readonly #waiting: Task[] = [];
  readonly #counts = { tiles: 0, bytes: 0, busyMs: 0 };
  #closed = false;

  /** @param workers at least 1. @param script another thread body than the encoder: tests only */
  constructor(workers: number, script: URL = WORKER) {
    this.#script = script;
    this.#slots = Array.from({ length: workers }, () => ({ worker: null, task: null, begunAt: 0 }));
    // Started now, so that the first frame does not wait for them.
    for (const slot of this.#slots) slot.worker = this.#start(slot);
  }

  /** Into how many jobs it pays to cut an update. */
  get workers(): number {
    return this.#slots.length;
  }

  get counts(): EncodeCounts {
    return this.#counts;
  }

  /**
   * Jobs are begun in the order of the calls.
   * @returns rejects with INTERNAL if the job killed two threads, SHUTTING_DOWN after close()
   */
  encode(job: EncodeJob): Promise<Encoded> {
    if (this.#closed) return Promise.reject(new Refusal('SHUTTING_DOWN'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, retried: false, resolve, reject });
      this.#assign();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const unfinished = [...this.#slots.map((slot) => slot.task), ...this.#waiting.splice(0)];
    for (const task of unfinished) task?.reject(new Refusal('SHUTTING_DOWN'));
    await Promise.all(this.#slots.map((slot) => slot.worker?.terminate()));
  }

  #start(slot: Slot): Worker {
    const worker = new Worker(this.#script);
    // The agent stays up for its sockets, never for its encoders.
    worker.unref();
    let cause = 'the thread ended';
    worker.on('message', (encoded: Encoded) => {
      const { task } = slot;
      slot.task = null;
      this.#counts.tiles += encoded.lossy.length;
      this.#counts.bytes += encoded.bytes.length;
      this.#counts.busyMs += performance.now() - slot.begunAt;
      task?.resolve(encoded);
      this.#assign();
    });
    worker.on('error', (error) => {
      cause = error instanceof Error ? error.message : String(error);
    });
    worker.on('exit', () => this.#died(slot, cause));
    return worker;
  }

  #assign(): void {
    for (const slot of this.#slots) {
      if (slot.task) continue;
      const task = this.#waiting.shift();
      if (!task) return;
      slot.task = task;
      slot.begunAt = performance.now();
      slot.worker ??= this.#start(slot);
      slot.worker.postMessage(task.job);
    }
  }

  #died(slot: Slot, cause: string): void {
    const { task } = slot;
    slot.worker = null;
    slot.task = null;
    if (this.#closed) return;
    if (task?.retried) task.reject(new Refusal('INTERNAL', `an encoder failed twice: ${cause}`));
    else if (task) {
      task.retried = true;
      this.#waiting.unshift(task);
    }
    this.#assign();
  }
}
