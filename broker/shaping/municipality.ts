// One municipality's part of a line in one direction: what it is guaranteed, what it may have at most, and the round of
// its sessions.
import { Throughput } from '#platform/metrics/throughput.ts';
import type { Contract, Share } from './contract.ts';
import { Credit } from './credit.ts';
import type { Flow } from './flow.ts';
import { type Member, Round, type Wish } from './round.ts';
import { RECORD_MAX_WIRE_BYTES } from './wire-bytes.ts';

/** As the operator sees it: `used` of measure.ts. */
const THROUGHPUT_SPAN_MS = 1_000;

/** How far what goes out of turn, small things and a guarantee, may run it ahead of the others: in turns. */
const AHEAD_MAX_TURNS = 2;

export class Municipality implements Member {
  readonly name: string;
  readonly throughput = new Throughput(THROUGHPUT_SPAN_MS);
  share: Share = { guarantee: 0, ceiling: 1 };
  deficit = 0;
  /** It has its turns in the line's round. */
  inRound = false;
  /** Sessions that could send. */
  ready = 0;
  arrivedBytes = 0;
  sentBytes = 0;
  readonly #round: Round<Flow>;
  readonly #guarantee: Credit;
  readonly #ceiling: Credit;

  constructor(name: string, contract: Contract, nowMs: number) {
    this.name = name;
    this.#round = new Round(contract.quantum);
    this.#guarantee = new Credit(nowMs);
    this.#ceiling = new Credit(nowMs);
    this.change(contract, nowMs);
  }

  change(contract: Contract, nowMs: number): void {
    const { guarantee, ceiling } = contract.shareOf(this.name);
    this.share = { guarantee, ceiling };
    this.#round.quantum = contract.quantum;
    // What it had above its guarantee, while nobody else wanted it, is held against it by no more than one record.
    const owedMax = contract.depth(guarantee);
    this.#guarantee.change(contract.bytesPerSecond * guarantee, owedMax, nowMs, owedMax + RECORD_MAX_WIRE_BYTES);
    this.#ceiling.change(contract.bytesPerSecond * ceiling, contract.depth(ceiling), nowMs);
  }

  /** Bytes of its guarantee that it did not get yet; not above zero if it has got it. */
  owed(nowMs: number): number {
    return this.#guarantee.left(nowMs);
  }

  /** Until it is below its ceiling. */
  waitMs(nowMs: number): number {
    return this.share.ceiling === 1 ? 0 : this.#ceiling.waitMs(nowMs);
  }

  get isAhead(): boolean {
    return this.deficit <= -AHEAD_MAX_TURNS * this.#round.quantum;
  }

  spend(bytes: number, nowMs: number): void {
    const debtMax = AHEAD_MAX_TURNS * this.#round.quantum + RECORD_MAX_WIRE_BYTES;
    this.deficit = Math.max(-debtMax, this.deficit - bytes);
    this.#guarantee.spend(bytes, nowMs);
    this.#ceiling.spend(bytes, nowMs);
    this.sentBytes += bytes;
    this.throughput.add(bytes, nowMs);
  }

  wish(nowMs: number): Wish {
    if (this.ready === 0) return 'leave';
    return this.waitMs(nowMs) > 0 ? 'wait' : 'send';
  }

  /** The session whose turn it is; null if none could send. */
  next(): Flow | null {
    return this.#round.next(wishOf, leave);
  }

  join(flow: Flow): void {
    flow.inRound = true;
    this.#round.join(flow);
  }

  /** Nobody of it waits any more: each of its sessions begins afresh. */
  settle(): void {
    for (const flow of this.#round.clear()) leave(flow);
  }
}

const wishOf = (flow: Flow): Wish => (flow.isReady ? 'send' : 'leave');

function leave(flow: Flow): void {
  flow.inRound = false;
}
