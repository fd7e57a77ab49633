// One live session: a verified user, a desktop, a channel between them. Outward: desktop → damage → watermark → encode →
// pace → seal. Inward: open → policy → desktop. It ends in one place, `end`, whatever the cause.

import type { Throughput } from '#platform/metrics/throughput.ts';
import { type Reason, Refusal, refusalFrom } from '#protocol/codes.ts';
import { readHeader } from '#protocol/header.ts';
import { Channel } from '#protocol/inner/channel.ts';
import type { Cipher } from '#protocol/inner/cipher.ts';
import type { Established } from '#protocol/inner/handshake.ts';
import { decodeControl, decodeInput } from '#protocol/inner/profile.ts';
import { LEASE_INTERVAL_MS, SOCKET_WAITING_MAX_BYTES } from '#protocol/limits.ts';
import type { DataSocket, Inbox } from '#protocol/outer/data-socket.ts';
import type { GrantClaims, Policy } from '#protocol/outer/grant.ts';
import { Lane } from '#protocol/outer/lanes.ts';
import type { Desktop, DesktopEvents } from './desktop/desktop.ts';
import { Lease, type Pinned } from './lease.ts';
import { InputPolicy } from './policy.ts';
import type { Encoders } from './screen/encoders.ts';
import { type OpenScreen, type ScreenCounts, type ScreenOutput, ScreenSender } from './screen/screen-sender.ts';

/** Of input: far inside its window of 16 s. At 50 ms a person who types took 0.2 % of 10 Mbps for acknowledgements alone. */
const ACK_INTERVAL_MS = 250;
const TICK_MAX_MS = 1_000;

export interface SessionParts {
  grant: GrantClaims;
  /** kid of the key that signed it. */
  signer: string;
  established: Established;
  socket: DataSocket;
  inbox: Inbox;
  cipher: Cipher;
  encoders: Encoders;
  /** Acknowledged to all sessions of this agent. */
  carried: Throughput;
  desktop: Desktop;
  /** The stricter of the agent's own limits and the grant's. */
  limits: Policy;
  home: Pinned;
  /** Lines of the watermark. */
  mark: string[];
  clock: { monotonic(): number; wall(): number };
  sendNonce(session: string, nonce: string): void;
  ended(refusal: Refusal): void;
  /** Another way out for the screen than the product's, for a bench that replays what was encoded before. */
  openScreen?: OpenScreen;
}

/** How the session's line is, as its window sees it, and what the screen did. */
export interface SessionMeasures extends ScreenCounts {
  windowBytes: number;
  inFlightBytes: number;
  /** The newest, and the shortest of late; 0 before the first. */
  roundTripMs: number;
  minRoundTripMs: number;
  /** 0 before it was measured. */
  rateBytesPerSecond: number;
}

export class Session {
  readonly #parts: SessionParts;
  readonly #channel: Channel;
  readonly #screen: ScreenOutput;
  readonly #policy: InputPolicy;
  readonly #lease: Lease;
  readonly #startedAt: number;
  #tick: NodeJS.Timeout | null = null;
  #leaseAskedAt = Number.NEGATIVE_INFINITY;
  #arrivedBytes = 0;
  #ackTimer: NodeJS.Timeout | null = null;
  #incoming: Promise<void> = Promise.resolve();
  #resizing: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    const now = parts.clock.monotonic();
    this.#startedAt = now;
    this.#policy = new InputPolicy(now);
    this.#lease = new Lease(parts.grant.session, parts.grant.epoch, parts.signer, now);
    this.#channel = new Channel(parts.cipher, parts.established, {
      output: (record) => parts.socket.sendRecord(record),
      now: parts.clock.monotonic,
    });
    const openScreen = parts.openScreen ?? ((screenParts) => new ScreenSender(screenParts));
    this.#screen = openScreen({
      encoders: parts.encoders,
      screen: parts.desktop.screen,
      mark: parts.mark,
      send: (chunk) => this.#channel.send(Lane.frame, chunk),
      // An ack for what still waits here is a lie, and believing it would fill this memory (T13).
      room: () => Math.min(this.#channel.frameRoom, Math.max(0, SOCKET_WAITING_MAX_BYTES - parts.socket.pressure)),
      recordBytes: () => this.#channel.window.recordBytes,
      updateBytes: () => this.#channel.window.bytes / 2,
      now: parts.clock.monotonic,
      failed: (error) => this.end(refusalFrom(error)),
    });
    this.#channel.onAck = (ack) => {
      this.#measureLine();
      this.#screen.acked(ack.sequence, ack.drawn);
    };
    this.#checkLimits();
    // What waits in the inbox is handled after this constructor, so that its owner knows the session before it can end.
    parts.inbox.handOver({
      text: () => this.#inOrder(() => this.end(new Refusal('MESSAGE_UNEXPECTED', 'text after paired'))),
      record: (record) => this.#inOrder(() => this.#receive(record)),
      // The client's sealed close, if there is one, stands before the end of the socket.
      closed: (code) => this.#inOrder(() => this.end(new Refusal('PEER_GONE', code))),
    });
  }

  /** The line carries at least what all sessions of this agent get of it together. */
  #measureLine(): void {
    const { window } = this.#channel;
    const now = this.#parts.clock.monotonic();
    this.#parts.carried.add(window.arrivedBytes - this.#arrivedBytes, now);
    this.#arrivedBytes = window.arrivedBytes;
    window.lineBytesPerSecond = this.#parts.carried.bytesPerSecond(now);
  }

  #inOrder(step: () => Promise<void> | void): void {
    this.#incoming = this.#incoming.then(step).catch((error) => this.end(refusalFrom(error)));
  }

  /** Where the desktop's events go from now on. */
  get desktopEvents(): DesktopEvents {
    return {
      damage: (rectangle) => this.#screen.damage(rectangle),
      resized: (screen) => this.#screen.resized(screen),
      cursor: (cursor) => this.#screen.cursor(cursor),
      bell: () => this.#screen.bell(),
      gone: (refusal) => this.end(refusal),
    };
  }

  measure(): SessionMeasures {
    const { bytes, bytesPerSecond, roundTripMs, shortestMs } = this.#channel.window;
    return {
      windowBytes: bytes,
      inFlightBytes: this.#channel.inFlightBytes,
      roundTripMs,
      minRoundTripMs: shortestMs,
      rateBytesPerSecond: bytesPerSecond,
      ...this.#screen.counts,
    };
  }

  /** kid of the key on whose word it goes on. */
  get signer(): string {
    return this.#lease.signer;
  }

  async leaseAnswered(lease: string): Promise<void> {
    await this.#lease.answered(this.#parts.home, lease, this.#parts.clock.wall());
  }

  /** Ends the session, tells the client under the session's keys why, and lets go of every key and button. */
  end(refusal: Refusal): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#tick) clearTimeout(this.#tick);
    if (this.#ackTimer) clearTimeout(this.#ackTimer);
    this.#screen.close();
    // At once, also when the path was lost; its owner locks the desktop and lets it go.
    this.#parts.desktop.releaseAll();
    const { socket } = this.#parts;
    void this.#channel.close(refusal.code).then(() => socket.close(refusal.code));
    this.#parts.ended(refusal);
  }

  async #receive(record: Uint8Array): Promise<void> {
    if (this.#ended) return;
    const lane = laneOf(record);
    const message = await this.#channel.receive(record);
    this.#policy.count(lane, this.#parts.clock.monotonic());
    if (!message) return;
    this.#acknowledgeSoon();
    const { desktop } = this.#parts;
    switch (message.lane) {
      case Lane.input: {
        const event = decodeInput(message.plaintext);
        desktop.input(this.#policy.admit(event, desktop.screen, this.#parts.clock.monotonic()));
        return;
      }
      case Lane.control: {
        const control = decodeControl(message.plaintext);
        if (control.type === 'refresh') this.#screen.refresh();
        if (control.type === 'desktop-size') this.#resizeSoon(control.width, control.height);
        return;
      }
      case Lane.close: {
        const { code } = message;
        this.end(code === 'ENDED' ? new Refusal('ENDED_BY_USER') : new Refusal('ENDED_BY_CLIENT', code));
        return;
      }
      default:
        throw new Refusal('LANE_DIRECTION', `lane ${message.lane}`);
    }
  }

  /** One after the other, and beside the input: a desktop may take seconds to decide, and keys must not wait for it. */
  #resizeSoon(width: number, height: number): void {
    this.#resizing = this.#resizing
      .then(() => this.#resize(width, height))
      .catch((error) => this.end(refusalFrom(error)));
  }

  async #resize(width: number, height: number): Promise<void> {
    if (this.#ended) return;
    const { screen } = this.#parts.desktop;
    if (screen.width === width && screen.height === height) return this.#screen.answerResize('unchanged');
    const granted = await this.#parts.desktop.resize(width, height);
    this.#screen.answerResize(granted ? 'granted' : 'refused');
  }

  #acknowledgeSoon(): void {
    if (this.#ackTimer || !this.#channel.ackDue) return;
    this.#ackTimer = setTimeout(() => {
      this.#ackTimer = null;
      if (!this.#ended) this.#channel.acknowledge(0);
    }, ACK_INTERVAL_MS);
  }

  /** Looks again at the moment of the next limit, so that the session ends at it and not some time after. */
  #checkLimits(): void {
    const now = this.#parts.clock.monotonic();
    const [reason, at] = this.#nextLimit();
    if (now >= at) {
      this.end(new Refusal(reason));
      return;
    }
    if (now - this.#leaseAskedAt >= LEASE_INTERVAL_MS) {
      this.#leaseAskedAt = now;
      this.#parts.sendNonce(this.#parts.grant.session, this.#lease.nonce(this.#parts.cipher, now));
    }
    this.#tick = setTimeout(() => this.#checkLimits(), Math.min(TICK_MAX_MS, at - now));
  }

  /** @returns which it is, and when on the monotonic clock it strikes */
  #nextLimit(): [Reason, number] {
    const { idleSeconds, overallSeconds } = this.#parts.limits;
    const limits: [Reason, number][] = [
      ['LEASE_EXPIRED', this.#lease.expiresAt],
      ['IDLE_LIMIT', this.#policy.activeAt + idleSeconds * 1000],
      ['OVERALL_LIMIT', this.#startedAt + overallSeconds * 1000],
    ];
    return limits.reduce((first, other) => (other[1] < first[1] ? other : first));
  }
}

/** No client of ours and no relay lets a broken header through, so whoever sent it was not the user (T02, T03). */
function laneOf(record: Uint8Array): Lane {
  try {
    return readHeader(record).lane;
  } catch (error) {
    throw new Refusal('RECORD_FORGED', refusalFrom(error).message);
  }
}
