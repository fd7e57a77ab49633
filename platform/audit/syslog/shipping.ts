// Ships the audit log to a collector (a SOC) and says whether that one keeps up; whoever is told no starts no session (G4).
//
// It reads the log's files and holds no event in memory, so a collector that is slow or gone only falls behind. Only an
// orderly end of a connection moves the position on (collector.ts). After a cut everything since the last one is sent again:
// what was lost on the way arrives, and what had arrived comes twice, told apart by source and sequence.
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { redial } from '../../hop/redial.ts';
import { refusalOfTls } from '../../hop/tls.ts';
import { lineOf } from '../../process/exit.ts';
import { LOOK_INTERVAL_MS } from '../../process/file-state.ts';
import type { Log } from '../../process/log.ts';
import type { Audit } from '../chain.ts';
import { Collector } from './collector.ts';
import type { SyslogConfig } from './config.ts';
import { Follower, type Place, type ReadEvent } from './follow.ts';
import { syslogFrame } from './message.ts';
import type { Position } from './position.ts';

/** A connection is ended for its receipt after so long or so many bytes, or earlier where less may be outstanding. */
const RECEIPT_MOST_MS = 60_000;
const RECEIPT_MOST_BYTES = 4 * 1024 * 1024;
const CHECK_INTERVAL_MS = 1_000;
/** What may still be sent when the process stops; a stop step has 5 s. */
const LAST_WORDS_MS = 3_000;

export interface ShippingOptions {
  config: SyslogConfig;
  /** The log's file that grows, and all of its files as they are now, that one last. */
  growing: string;
  files(): readonly string[];
  position: Position;
  /** Gets `shipping-overdue`, `shipping-resumed` and `collector-refused`. */
  audit: Pick<Audit, 'record'>;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** Milliseconds since 1970. */
  now(): number;
  /** A monotonic clock in ms. */
  monotonic(): number;
  /** In [0, 1). */
  random(): number;
}

export interface Backlog {
  /** Age of the oldest event of which no receipt has come. */
  readonly seconds: number;
  readonly bytes: number;
}

export class Shipping {
  readonly #options: ShippingOptions;
  readonly #follower: Follower;
  readonly #host = hostname();
  readonly #receipt: { ms: number; bytes: number };
  readonly #giveUp = new AbortController();
  readonly #stopDialling: () => Promise<void>;
  readonly #checking: NodeJS.Timeout;
  /** Up to where the collector has the log; null until the file was read. */
  #confirmed: Place | null = null;
  /** When the first event behind that was written; null while there is none. */
  #oldest: number | null = null;
  /** The log itself cannot be read on. */
  #broken = false;
  #backlog: Backlog = { seconds: 0, bytes: 0 };
  #overdueSince: number | null = null;
  #refused: string | null = null;

  constructor(options: ShippingOptions) {
    const { config, monotonic, random } = options;
    this.#options = options;
    this.#follower = new Follower(options.growing, options.files);
    this.#receipt = {
      ms: Math.min(RECEIPT_MOST_MS, (config.behindSeconds * 1_000) / 3),
      bytes: Math.min(RECEIPT_MOST_BYTES, config.behindBytes / 4),
    };
    this.#stopDialling = redial((signal) => this.#ship(signal), {
      ...{ now: monotonic, random },
      ended: (error, waitMs) => this.#ended(error, waitMs),
    });
    this.#checking = setInterval(() => void this.#check(), CHECK_INTERVAL_MS).unref();
  }

  /** False while the collector is further behind than the configuration allows, or the log cannot be read on. */
  get keepsUp(): boolean {
    return this.#confirmed !== null && this.#overdueSince === null;
  }

  get backlog(): Backlog {
    return this.#backlog;
  }

  /** Sends what the log holds by now if the collector takes it within seconds. */
  async stop(): Promise<void> {
    clearInterval(this.#checking);
    const timer = setTimeout(() => this.#giveUp.abort(), LAST_WORDS_MS);
    await this.#stopDialling();
    clearTimeout(timer);
    await this.#follower.close();
  }

  async #ship(stopping: AbortSignal): Promise<void> {
    for (;;) {
      await this.#goToConfirmed();
      const first = await this.#following(stopping, () => false);
      if (!first) return;
      this.#oldest = Date.parse(first.line.time);
      const collector = await Collector.dial(this.#options.config, this.#giveUp.signal);
      this.#refused = null;
      try {
        const last = await this.#send(collector, first, stopping);
        await collector.finish();
        this.#confirm(last.place);
      } finally {
        collector.destroy();
      }
    }
  }

  /** @returns the last event that was sent */
  async #send(collector: Collector, first: ReadEvent, stopping: AbortSignal): Promise<ReadEvent> {
    const until = this.#options.monotonic() + this.#receipt.ms;
    let sent = 0;
    const isDue = () => {
      collector.requireOpen();
      return sent >= this.#receipt.bytes || this.#options.monotonic() >= until;
    };
    for (let event = first; ; ) {
      const frame = syslogFrame(event.line, event.bytes, this.#host);
      await collector.write(frame);
      sent += frame.length;
      const next = isDue() ? null : await this.#following(stopping, isDue);
      if (!next) return event;
      event = next;
    }
  }

  /** @returns the next event, waiting for it; null when it is time to stop waiting */
  async #following(stopping: AbortSignal, isDue: () => boolean): Promise<ReadEvent | null> {
    for (;;) {
      const event = await this.#readOn(() => this.#follower.next());
      if (event || stopping.aborted || isDue()) return event;
      await delay(LOOK_INTERVAL_MS, null, { signal: stopping }).catch(() => null);
    }
  }

  async #goToConfirmed(): Promise<void> {
    await this.#readOn(async () => {
      if (this.#confirmed) await this.#follower.rewind(this.#confirmed);
      else this.#confirmed = await this.#follower.seek(this.#options.position.read());
    });
  }

  async #readOn<T>(read: () => Promise<T>): Promise<T> {
    try {
      const found = await read();
      this.#broken = false;
      return found;
    } catch (error) {
      this.#broken = true;
      throw error;
    }
  }

  #confirm(place: Place): void {
    const { position, log } = this.#options;
    this.#confirmed = place;
    this.#oldest = null;
    try {
      position.write(place.link);
    } catch (error) {
      log.warn({ err: error }, 'how far the collector is cannot be kept; after a restart it gets events twice');
    }
  }

  #ended(error: unknown, waitMs: number): void {
    const { audit, log } = this.#options;
    log.warn({ waitMs: Math.round(waitMs) }, `the audit log does not reach the collector: ${lineOf(error)}`);
    const refusal = refusalOfTls(error);
    if (refusal?.code !== 'CERTIFICATE_REFUSED') return;
    // Once for each reason, since it is tried for ever.
    if (this.#refused !== refusal.reason)
      audit.record('collector-refused', { reason: refusal.reason, detail: refusal.detail });
    this.#refused = refusal.reason;
  }

  /** Files that cannot even be listed are as far behind as can be. */
  #bytesBehind(place: Place): Promise<number> {
    return this.#follower.bytesBehind(place).catch(() => Number.MAX_SAFE_INTEGER);
  }

  async #check(): Promise<void> {
    const { config, now, audit, log } = this.#options;
    const seconds = this.#oldest === null ? 0 : Math.max(0, (now() - this.#oldest) / 1000);
    const bytes = this.#confirmed === null ? 0 : await this.#bytesBehind(this.#confirmed);
    this.#backlog = { seconds, bytes };
    const overdue = this.#broken || seconds > config.behindSeconds || bytes > config.behindBytes;
    if (overdue && this.#overdueSince === null) {
      this.#overdueSince = now();
      log.error({ seconds, bytes }, 'THE COLLECTOR DOES NOT HAVE THE AUDIT LOG; no new session starts');
      audit.record('shipping-overdue', { seconds, bytes });
    } else if (!overdue && this.#overdueSince !== null) {
      const lasted = Math.max(0, (now() - this.#overdueSince) / 1000);
      this.#overdueSince = null;
      log.warn({ seconds: lasted }, 'the collector has the audit log again');
      audit.record('shipping-resumed', { seconds: lasted });
    }
  }
}
