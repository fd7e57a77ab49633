// One direction of the contracted line: which record may leave now, and when the next one may. Pure: time is an argument,
// and nothing here waits.
//
//   line (what is contracted) → municipality (guarantee, ceiling) → session
//
// In this order: a session that has little to send and has had little in this round (a key's answer); a municipality that
// did not get its guarantee; then each municipality in turn, and in it each session in turn, byte by byte the same for
// all. Whatever nobody uses anybody may have. A record is never dropped and never overtakes one of its own session.
import type { Contract } from './contract.ts';
import { Credit } from './credit.ts';
import { Flow, type Waiting } from './flow.ts';
import { type LineMeasure, measureLine } from './measure.ts';
import { Municipality } from './municipality.ts';
import { Round } from './round.ts';
import { wireBytes } from './wire-bytes.ts';

export interface LineOptions {
  contract: Contract;
  nowMs: number;
  /** Each record as it leaves. @param waitedMs how long it had waited here */
  sent?(flow: Flow, record: Uint8Array, wireBytes: number, waitedMs: number): void;
}

export class Line {
  readonly #sent: LineOptions['sent'];
  readonly #credit: Credit;
  readonly #municipalities = new Map<string, Municipality>();
  readonly #round: Round<Municipality>;
  readonly #flows = new Set<Flow>();
  /** Sessions that nobody has looked at since they began to wait; each of them is in its round, too. */
  readonly #fresh: Flow[] = [];
  #guaranteed: Municipality[] = [];
  #contract: Contract;
  /** Municipalities and sessions that could send. */
  readonly #ready = { municipalities: 0, flows: 0 };
  #draining = false;

  constructor({ contract, nowMs, sent }: LineOptions) {
    this.#contract = contract;
    this.#sent = sent;
    this.#credit = new Credit(nowMs);
    this.#round = new Round(contract.quantum);
    this.change(contract, nowMs);
  }

  /** What is contracted from now on. Nothing that waits is lost, and the order stays. */
  change(contract: Contract, nowMs: number): void {
    this.#contract = contract;
    this.#credit.change(contract.bytesPerSecond, contract.depth(), nowMs);
    this.#round.quantum = contract.quantum;
    for (const municipality of this.#municipalities.values()) municipality.change(contract, nowMs);
    for (const name of Object.keys(contract.config.municipalities)) this.#of(name, nowMs);
    this.#guaranteed = [...this.#municipalities.values()].filter(({ share }) => share.guarantee > 0);
  }

  /** @param deliver see Flow */
  open(session: string, municipality: string, deliver: Flow['deliver']): Flow {
    const flow = new Flow(session, municipality, deliver);
    this.#flows.add(flow);
    return flow;
  }

  /** Puts a record at the end of its session's queue; `drain` then sends what may leave. */
  push(flow: Flow, waiting: Waiting, nowMs: number): void {
    const wasReady = flow.isReady;
    flow.push(waiting, nowMs);
    this.#of(flow.municipality, nowMs).arrivedBytes += wireBytes(waiting.record.length);
    if (flow.isReady && !wasReady) this.#becomesReady(flow, nowMs);
  }

  /** The flow's socket takes more again. */
  unpark(flow: Flow, nowMs: number): void {
    if (!flow.parked) return;
    flow.parked = false;
    if (flow.isReady) this.#becomesReady(flow, nowMs);
  }

  /** The session has ended in this direction; what still waits is thrown away. */
  close(flow: Flow, nowMs: number): void {
    if (!this.#flows.delete(flow)) return;
    if (flow.isReady) this.#becomesUnready(flow, nowMs);
    flow.clear();
  }

  /**
   * Delivers what may leave now.
   * @returns ms until more may; null if nothing waits that could be sent, or if this is called from within itself
   */
  drain(nowMs: number): number | null {
    // A record that is delivered may bring the next one in: the loop that runs already takes it along.
    if (this.#draining) return null;
    this.#draining = true;
    try {
      while (this.#ready.flows > 0 && this.#credit.left(nowMs) >= 0) {
        const flow = this.#pick(nowMs);
        if (!flow) return this.#untilBelowCeiling(nowMs);
        this.#send(flow, nowMs);
      }
    } finally {
      this.#draining = false;
    }
    return this.#ready.flows > 0 ? this.#credit.waitMs(nowMs) : null;
  }

  /** What a session may have waiting at most, by the share of the line that it gets now. */
  queueMaxBytes(flow: Flow, nowMs: number): number {
    const { share, ready } = this.#of(flow.municipality, nowMs);
    const equal = 1 / Math.max(1, this.#ready.municipalities);
    const part = Math.max(share.guarantee, Math.min(share.ceiling, equal));
    return this.#contract.queueMaxBytes(part / Math.max(1, ready));
  }

  measure(nowMs: number): LineMeasure {
    return measureLine(this.#contract, this.#municipalities.values(), this.#flows, nowMs);
  }

  #of(name: string, nowMs: number): Municipality {
    const known = this.#municipalities.get(name);
    if (known) return known;
    const municipality = new Municipality(name, this.#contract, nowMs);
    this.#municipalities.set(name, municipality);
    return municipality;
  }

  #pick(nowMs: number): Flow | null {
    return this.#small(nowMs) ?? this.#mostOwed(nowMs)?.next() ?? this.#inTurn(nowMs)?.next() ?? null;
  }

  /** Each that has begun to wait is looked at once: it goes now, or it waits for its turn like everybody else. */
  #small(nowMs: number): Flow | null {
    for (let flow = this.#fresh[0]; flow; flow = this.#fresh[0]) {
      const municipality = this.#of(flow.municipality, nowMs);
      if (flow.isReady && this.#hasLittle(flow) && !municipality.isAhead && municipality.wish(nowMs) === 'send')
        return flow;
      this.#fresh.shift();
      flow.isFresh = false;
    }
    return null;
  }

  /** What it has had in this round and what waits, together. */
  #hasLittle({ deficit, queuedBytes }: Flow): boolean {
    return this.#contract.quantum - deficit + queuedBytes <= this.#contract.smallBytes;
  }

  #mostOwed(nowMs: number): Municipality | null {
    let most: Municipality | null = null;
    let mostBytes = 0;
    for (const municipality of this.#guaranteed) {
      const owed = municipality.owed(nowMs);
      if (owed <= mostBytes || municipality.wish(nowMs) !== 'send') continue;
      most = municipality;
      mostBytes = owed;
    }
    return most;
  }

  #inTurn(nowMs: number): Municipality | null {
    return this.#round.next((municipality) => municipality.wish(nowMs), retire);
  }

  #send(flow: Flow, nowMs: number): void {
    const waitedMs = flow.oldestMs(nowMs);
    const waiting = flow.shift();
    if (!waiting) return;
    const bytes = wireBytes(waiting.record.length);
    this.#credit.spend(bytes, nowMs);
    this.#of(flow.municipality, nowMs).spend(bytes, nowMs);
    flow.deficit -= bytes;
    if (!flow.isReady) this.#becomesUnready(flow, nowMs);
    this.#sent?.(flow, waiting.record, bytes, waitedMs);
    if (flow.deliver(waiting)) return;
    if (flow.isReady) this.#becomesUnready(flow, nowMs);
    flow.parked = true;
  }

  #becomesReady(flow: Flow, nowMs: number): void {
    const municipality = this.#of(flow.municipality, nowMs);
    this.#ready.flows++;
    if (municipality.ready++ === 0) this.#ready.municipalities++;
    if (!municipality.inRound) {
      municipality.inRound = true;
      municipality.deficit = this.#contract.quantum;
      this.#round.join(municipality);
    }
    if (!flow.inRound) {
      flow.deficit = this.#contract.quantum;
      municipality.join(flow);
    }
    if (flow.isFresh) return;
    flow.isFresh = true;
    this.#fresh.push(flow);
  }

  #becomesUnready(flow: Flow, nowMs: number): void {
    this.#ready.flows--;
    if (--this.#of(flow.municipality, nowMs).ready === 0) this.#ready.municipalities--;
  }

  #untilBelowCeiling(nowMs: number): number {
    const waits = [...this.#municipalities.values()].filter(({ ready }) => ready > 0).map((one) => one.waitMs(nowMs));
    return Math.min(...waits);
  }
}

function retire(municipality: Municipality): void {
  municipality.inRound = false;
  municipality.settle();
}
