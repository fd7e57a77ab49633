// One municipality's part of a line in one direction: what it is guaranteed, what it may have at most, and the round of
// its sessions.
import { Throughput } from '#platform/metrics/throughput.ts';
import type { Contract, Share } from './contract.ts';
import { Credit } from './credit.ts';
import type { Flow } from './flow.ts';
import { Recent } from './recent.ts';
import { type Member, Round, type Wish } from './round.ts';
import { RECORD_MAX_WIRE_BYTES } from './wire-bytes.ts';

/** As the operator sees it: `used` of measure.ts. */
const THROUGHPUT_SPAN_MS = 1_000;

/** How far what goes out of turn, small things and a guarantee, may run it ahead of the others: in turns. */
const AHEAD_MAX_TURNS = 2;

/**
 * A session is modest while it has had less than this share, of late, of what the one with the most has had. Beside such a
 * one the others take shorter turns: a page that somebody turns now and then does not have to wait for half of every
 * picture of somebody's film. Sessions that take alike are none of them modest.
 */
const MODEST_SHARE = 0.75;
const SHORT_TURN = 0.125;

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
  /** Bytes of a turn. */
  #quantum: number;
  /** Of its sessions the most that one has had of late. */
  readonly #most: Recent;
  /** In the round. */
  #modest = 0;
  readonly #round = new Round<Flow>((flow) => this.turnOf(flow));
  readonly #guarantee: Credit;
  readonly #ceiling: Credit;

  constructor(name: string, contract: Contract, nowMs: number) {
    this.name = name;
    this.#quantum = contract.quantum;
    this.#most = new Recent(nowMs);
    this.#guarantee = new Credit(nowMs);
    this.#ceiling = new Credit(nowMs);
    this.change(contract, nowMs);
  }

  change(contract: Contract, nowMs: number): void {
    const { guarantee, ceiling } = contract.shareOf(this.name);
    this.share = { guarantee, ceiling };
    this.#quantum = contract.quantum;
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
    return this.deficit <= -AHEAD_MAX_TURNS * this.#quantum;
  }

  spend(bytes: number, nowMs: number): void {
    const debtMax = AHEAD_MAX_TURNS * this.#quantum + RECORD_MAX_WIRE_BYTES;
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
    return this.#round.next(wishOf, (flow) => this.#leave(flow));
  }

  join(flow: Flow, nowMs: number): void {
    flow.inRound = true;
    this.#judge(flow, nowMs);
    flow.deficit = this.turnOf(flow);
    this.#round.join(flow);
  }

  /** One of its sessions has sent so much. */
  sent(flow: Flow, bytes: number, nowMs: number): void {
    flow.deficit -= bytes;
    flow.recent.add(bytes, nowMs);
    this.#most.raise(flow.recent.bytes(nowMs), nowMs);
    this.#judge(flow, nowMs);
  }

  turnOf(flow: Flow): number {
    return this.#modest > 0 && !flow.isModest ? SHORT_TURN * this.#quantum : this.#quantum;
  }

  #judge(flow: Flow, nowMs: number): void {
    // One record less: how the largest ones fall must not decide it.
    const few = MODEST_SHARE * this.#most.bytes(nowMs) - RECORD_MAX_WIRE_BYTES;
    const isModest = flow.inRound && flow.recent.bytes(nowMs) < few;
    if (isModest !== flow.isModest) this.#modest += isModest ? 1 : -1;
    flow.isModest = isModest;
  }

  #leave(flow: Flow): void {
    flow.inRound = false;
    if (flow.isModest) this.#modest--;
    flow.isModest = false;
  }

  /** Nobody of it waits any more: each of its sessions begins afresh. */
  settle(): void {
    for (const flow of this.#round.clear()) this.#leave(flow);
  }
}

const wishOf = (flow: Flow): Wish => (flow.isReady ? 'send' : 'leave');
