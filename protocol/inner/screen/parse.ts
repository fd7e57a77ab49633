// A grammar as straight-line code over bytes that arrive cut anywhere: a generator says what it wants next and is
// resumed once that is here. "Not enough bytes yet" is a normal return of push().
import { refusalFrom } from '../../codes.ts';
import { ByteQueue } from './byte-queue.ts';

/**
 * What a grammar yields: a number of bytes it wants to get; bytes to be skipped unread, however many, without storing
 * them; or a promise to wait for before anything further is read.
 */
export type Want = number | { readonly skip: number } | Promise<void>;

/** Resumed with the bytes wanted (valid until the chunk they came in is reused), after a skip or promise with none. */
export type Parse<T> = Generator<Want, T, Uint8Array>;

const NOTHING = new Uint8Array(0);

/** Drives one grammar from the first byte to the last. */
export class IncrementalParser {
  readonly #queue = new ByteQueue();
  readonly #grammar: Parse<void>;
  #want: Want;
  #running = false;
  #result: Promise<void> = Promise.resolve();
  #ended: Error | null = null;

  constructor(grammar: Parse<void>) {
    this.#grammar = grammar;
    this.#want = 0;
  }

  /** Bytes that came and were not read yet. While the grammar is at work: what lies behind the element it has just read. */
  get unread(): number {
    return this.#queue.length;
  }

  /**
   * Reads as far as the bytes reach; what the grammar calls is called before push() returns, unless it waits for a
   * promise. Calls do not overtake each other. The caller leaves the chunk alone from now on.
   * @returns resolves once everything up to the last whole element is dealt with; rejects with a Refusal at the first
   *   violation, and again at every later call
   */
  push(chunk: Uint8Array): Promise<void> {
    if (this.#ended) return Promise.reject(this.#ended);
    this.#queue.append(chunk);
    // A run that waits for a promise finds this chunk by itself.
    if (!this.#running) this.#result = this.#run();
    return this.#result;
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      for (;;) {
        const bytes = this.#satisfy();
        if (bytes instanceof Promise) await bytes;
        if (bytes === null) return;
        this.#next(bytes instanceof Promise ? NOTHING : bytes);
      }
    } catch (error) {
      this.#ended = refusalFrom(error);
      throw this.#ended;
    } finally {
      this.#running = false;
    }
  }

  /** What the grammar waits for, or null while it is not all here. */
  #satisfy(): Uint8Array | Promise<void> | null {
    const want = this.#want;
    if (typeof want === 'number') return this.#queue.take(want);
    if (want instanceof Promise) return want;
    const left = want.skip - this.#queue.drop(want.skip);
    this.#want = { skip: left };
    return left === 0 ? NOTHING : null;
  }

  #next(bytes: Uint8Array): void {
    const step = this.#grammar.next(bytes);
    if (step.done) throw new Error('internal: a grammar of messages does not end');
    this.#want = step.value;
  }
}
