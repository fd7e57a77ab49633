// How much may be under way: the window of the end-to-end channel, measured from its acknowledgements. Loss does not exist
// here (TCP lies below), so delay is the only sign of a full line. Pure: time is an argument, nothing waits.
//
//   window = rate × aim     rate: the most that arrived in one of the last rounds (arrival-rate.ts)
//                           aim:  the time from sending to acknowledging that it holds; a little more than the shortest
//                                 round trip, so that the line never runs dry, and no key waits long
//
// Acks that say nothing about the line are left out: of a sender that did not use its window, and after a silence. The
// shortest round trip is hidden by the sender's own queue, so now and then it holds back for a round trip and looks.
// What else was tried, and how this one did: docs/decisions/0009-window.md.
import {
  FRAME_CARRIED_BY_BYTES,
  FRAME_PLAINTEXT_MAX_BYTES,
  RECORD_MIN_BYTES,
  SEGMENT_BYTES,
  WINDOW_FIRST_BYTES,
  WINDOW_MAX_BYTES,
  WINDOW_MIN_BYTES,
} from '../limits.ts';
import { ArrivalRate } from './arrival-rate.ts';

/** Above the shortest round trip: acks come 5.3 ms apart, a record takes up to 3.3 ms. On long ways their jitter counts. */
const AIM_MORE_MS = 8;
const AIM_MORE_SHARE = 0.25;
/**
 * A round that brought less than this share of the rate ran dry in between, unless its round trips show a queue: the less
 * came, the more of them is jitter.
 */
const DRY_SHARE = 0.94;
const DRY_ROOM = 0.75;
/** Then acks are late, or encoding takes its time, and more must be under way; it goes back when that is over. */
const AIM_UP = 1.1;
const AIM_DOWN = 0.05;
const AIM_MAX_GAIN = 2;
/** A mean round trip this little above the shortest is no queue of ours: the line may be faster than all that was tried. */
const CLEAR_MS = 3;
const CLEAR_SHARE = 0.125;
const SEARCH_GAIN = 2;
const SEARCH_MORE_MS = 5;
/** A round holds at least sixteen acks, so that its mean means something. */
const ROUND_MIN_MS = 96;
/** If every round trip in this time is longer than a full window explains, the line has become slower. */
const LATE_MIN_MS = 48;
const LATE_MIN_ACKS = 4;
/** Used to this share, the window is what held the sender up. */
const FILLED = 0.9;
/** The time a sender has to fill it again: acks may come in a bunch, and encoding takes its time. */
const REFILL_MS = 6;
/** No ack for so long: the line stood still, and what was under way then proves nothing. Forgiven once a round. */
const SILENCE_MS = 100;
/** Forgiveness ends here: whoever makes the way look longer gets no more memory for it. */
const ROUND_TRIP_MAX_MS = 500;
const SHORTEST_VALID_MS = 10_000;
/** Of the shortest round trip: little enough to be without a queue, enough to lose little of the line. */
const PROBE_SHARE = 0.85;
const PROBE_ACKS = 3;
/** Longer than any way in Japan, so likely a queue: then it is looked at with next to nothing under way. */
const LONG_WAY_MS = 200;
/** What a record may take of the line. */
const RECORD_MS = 3.3;
const RECORD_FIRST_SEGMENTS = 3;
/** Of a session with a small share of a fast line: records that a window holds at least, so that its own keys wait no longer. */
const RECORDS_IN_WINDOW_MIN = 4;

export interface Arrival {
  /** Of the newest record that is acknowledged, ms. */
  sentAt: number;
  /** How long the other end says that it held that record; believed up to the time since its last ack. */
  heldMs: number;
  /** Newly acknowledged; more than 0. */
  bytes: number;
  /** Unacknowledged just before this ack. */
  inFlight: number;
}

/** Sixteen acks or more, and at least one round trip. */
interface Round {
  readonly since: number;
  /** All that was acknowledged before it. */
  readonly arrivedBefore: number;
  sumMs: number;
  acks: number;
  silent: boolean;
  /** The window was full all the time. */
  full: boolean;
}

interface Look {
  readonly since: number;
  readonly arrivedBefore: number;
  shortest: number;
  acks: number;
}

export class Window {
  /**
   * What the line is known to carry besides this session's own rate, bytes/s; 0 if nothing is. Others wait behind a record
   * for as long as the line takes for it, not this session's share of the line.
   */
  lineBytesPerSecond = 0;
  #bytes = WINDOW_FIRST_BYTES;
  readonly #rate = new ArrivalRate();
  #roundTrip = 0;
  #shortest = Number.POSITIVE_INFINITY;
  #shortestAt: number;
  #aim = 0;
  #searching = true;
  #arrived = 0;
  #lastAt: number;
  #fullAt = Number.NEGATIVE_INFINITY;
  #silentUntil = Number.NEGATIVE_INFINITY;
  #forgiven = false;
  #round: Round;
  /** Watches for a line that has become slower. */
  #late: Look;
  /** Looks for the shortest round trip with next to nothing under way. */
  #probe: Look | null = null;
  /** The highest rate since the last probe. */
  #peak = 0;

  /** @param now here and below: a monotonic clock, ms */
  constructor(now: number) {
    this.#shortestAt = now;
    this.#lastAt = now;
    this.#round = newRound(now, 0);
    this.#late = newLook(now, 0);
  }

  /** Of sealed records; WINDOW_MIN_BYTES to WINDOW_MAX_BYTES. */
  get bytes(): number {
    return this.#bytes;
  }

  /** As measured; 0 before the first measurement. */
  get bytesPerSecond(): number {
    return this.#rate.value;
  }

  /** All that was acknowledged. */
  get arrivedBytes(): number {
    return this.#arrived;
  }

  /** The newest, without what the other end held. */
  get roundTripMs(): number {
    return this.#roundTrip;
  }

  /** 0 before the first. */
  get shortestMs(): number {
    return Number.isFinite(this.#shortest) ? this.#shortest : 0;
  }

  /**
   * The plaintext of a record behind which nothing waits long, in whole segments unless it is the longest there is;
   * RECORD_MIN_BYTES to FRAME_PLAINTEXT_MAX_BYTES.
   */
  get recordBytes(): number {
    if (this.#rate.value === 0) return plaintextOf(RECORD_FIRST_SEGMENTS);
    // A long record would count as round trip.
    if (this.#probe) return RECORD_MIN_BYTES;
    const own = Math.round(segmentsOf(this.#rate.value));
    const line = Math.min(segmentsOf(this.lineBytesPerSecond), this.#bytes / RECORDS_IN_WINDOW_MIN / SEGMENT_BYTES);
    return plaintextOf(Math.max(own, Math.round(line)));
  }

  /**
   * How much may go besides what is under way: nothing until half a record fits. So records go out whole, and pass the
   * window by half of one at most.
   */
  room(inFlight: number): number {
    const room = this.#bytes - inFlight;
    return room < this.recordBytes / 2 ? 0 : room;
  }

  acked({ sentAt, heldMs, bytes, inFlight }: Arrival, now: number): void {
    if (inFlight >= FILLED * this.#bytes || this.room(inFlight) === 0) this.#fullAt = now;
    const full = now - this.#fullAt <= REFILL_MS;
    const silent = now - this.#lastAt > SILENCE_MS;
    // An honest client cannot have held it since before its last ack.
    const at = Math.max(now - heldMs, this.#lastAt);
    this.#lastAt = now;
    this.#roundTrip = clamp(at - sentAt, 0, ROUND_TRIP_MAX_MS);
    this.#arrived += bytes;
    // What was under way meanwhile may come all at once; only what was sent afterwards tells how fast the line is.
    // If nothing is measured after a whole window, even that is better than nothing.
    const unmeasured = this.#rate.value === 0 && this.#arrived > WINDOW_FIRST_BYTES;
    if (silent && !this.#forgiven && !unmeasured) this.#silentUntil = now;
    this.#forgiven ||= silent;
    if (!full || this.#probe || sentAt < this.#silentUntil) this.#leaveOut(now);
    this.#round.silent ||= silent;
    this.#measureShortest(sentAt, full, now);
    this.#measureRate(sentAt, at);
    this.#noticeSlower(now);
    if (sentAt >= this.#round.since && now - this.#round.since >= ROUND_MIN_MS) this.#endRound(now);
    this.#resize();
  }

  #leaveOut(now: number): void {
    this.#rate.restart();
    this.#round.full = false;
    this.#late = newLook(now, this.#arrived);
  }

  #measureShortest(sentAt: number, full: boolean, now: number): void {
    const old = now - this.#shortestAt > SHORTEST_VALID_MS;
    // What is forgiven says nothing of the way: a queue of a second would prove itself, again and again.
    const proves = this.#roundTrip < ROUND_TRIP_MAX_MS || this.#shortest > ROUND_TRIP_MAX_MS;
    if ((proves && this.#roundTrip <= this.#shortest) || (old && !full)) this.#setShortest(this.#roundTrip, now);
    else if (old && this.#rate.value > 0) this.#probe ??= newLook(now, this.#arrived);
    const probe = this.#probe;
    if (!probe || sentAt < probe.since || look(probe, this.#roundTrip) < PROBE_ACKS) return;
    this.#setShortest(probe.shortest, now);
    this.#probe = null;
    this.#peak = this.#rate.value;
    this.#round = newRound(now, this.#arrived);
  }

  /** What the aim has above it stays. */
  #setShortest(ms: number, now: number): void {
    this.#aim = Number.isFinite(this.#shortest) ? this.#aim + ms - this.#shortest : leastAim(ms);
    this.#shortest = ms;
    this.#shortestAt = now;
  }

  #measureRate(sentAt: number, at: number): void {
    this.#rate.add({ at, sentAt, arrived: this.#arrived });
    this.#peak = Math.max(this.#peak, this.#rate.value);
    this.#round.sumMs += this.#roundTrip;
    this.#round.acks++;
    if (this.#roundTrip > this.#aim) this.#searching = false;
  }

  #noticeSlower(now: number): void {
    const late = this.#late;
    if (look(late, this.#roundTrip) < LATE_MIN_ACKS || now - late.since < LATE_MIN_MS) return;
    if (late.shortest > this.#aim) {
      this.#rate.replace(((this.#arrived - late.arrivedBefore) / (now - late.since)) * 1000);
      // Half the rate, and no shorter round trip for it: that is no queue, the way has become longer.
      if (this.#rate.value < this.#peak / 2) this.#probe ??= newLook(now, this.#arrived);
    }
    this.#late = newLook(now, this.#arrived);
  }

  #endRound(now: number): void {
    const { since, arrivedBefore, sumMs, acks, silent, full } = this.#round;
    if (full && this.#rate.measured) {
      const above = sumMs / acks - this.#shortest;
      this.#searching = above <= Math.max(CLEAR_MS, CLEAR_SHARE * this.#shortest);
      const brought = ((this.#arrived - arrivedBefore) / (now - since)) * 1000;
      const share = brought / this.#rate.value;
      const least = leastAim(this.#shortest);
      const dry = share < DRY_SHARE && above * share < DRY_ROOM * (least - this.#shortest);
      const aim = dry ? AIM_UP * this.#aim : this.#aim - AIM_DOWN * (this.#aim - least);
      this.#aim = clamp(aim, least, AIM_MAX_GAIN * least);
      this.#rate.endRound();
    }
    this.#forgiven &&= silent;
    this.#round = newRound(now, this.#arrived);
  }

  #resize(): void {
    if (this.#rate.value === 0) return;
    const searched = this.#searching ? SEARCH_GAIN * (this.#shortest + SEARCH_MORE_MS) : 0;
    const probed = this.#shortest > LONG_WAY_MS ? 0 : PROBE_SHARE * this.#shortest;
    const ms = this.#probe ? probed : Math.max(this.#aim, searched);
    this.#bytes = clamp(Math.round((this.#rate.value * ms) / 1000), WINDOW_MIN_BYTES, WINDOW_MAX_BYTES);
  }
}

/** That go by in RECORD_MS. */
function segmentsOf(bytesPerSecond: number): number {
  return (bytesPerSecond * RECORD_MS) / 1000 / SEGMENT_BYTES;
}

function plaintextOf(segments: number): number {
  const whole = Math.max(1, segments) * SEGMENT_BYTES - FRAME_CARRIED_BY_BYTES;
  return Math.min(whole, FRAME_PLAINTEXT_MAX_BYTES);
}

function leastAim(shortestMs: number): number {
  return shortestMs + Math.max(AIM_MORE_MS, AIM_MORE_SHARE * shortestMs);
}

function newRound(now: number, arrivedBefore: number): Round {
  return { since: now, arrivedBefore, sumMs: 0, acks: 0, silent: false, full: true };
}

function newLook(now: number, arrivedBefore: number): Look {
  return { since: now, arrivedBefore, shortest: Number.POSITIVE_INFINITY, acks: 0 };
}

/** @returns how many acks it has seen */
function look(into: Look, roundTripMs: number): number {
  into.shortest = Math.min(into.shortest, roundTripMs);
  return ++into.acks;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
