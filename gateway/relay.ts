// One relayed session, from the ticket to its end:
//
//   ticket      first text of the client's WebSocket; spent                              OPENING_MAX_MS
//   admit       rights looked at again                                                   │
//   open        broker told on the control link; data WebSocket dialled, session named   │
//   paired      broker's word, passed on to the client                                   ▼
//   running     two pumps, sealed records only, until either side or the rights end      │ PROOF_TOLD_MAX_MS
//   live        the agent's first nonce: it has verified the proof, the slot is claimed  ▼
//
// Whatever ends it, both sides are closed with one code, the slot is freed, and the audit log has the reason.
import { performance } from 'node:perf_hooks';
import { keepAlive } from '#platform/hop/keep-alive.ts';
import { pump } from '#platform/hop/pump.ts';
import type { PeerIdentity } from '#platform/hop/tls.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import type { RelayTally } from '#platform/metrics/relay-tally.ts';
import { type Code, Refusal, refusalFrom } from '#protocol/codes.ts';
import { BURST_SECONDS, OPENING_MAX_MS, PROOF_MAX_MS } from '#protocol/limits.ts';
import { LaneGate } from '#protocol/outer/gate.ts';
import { Direction, Lane } from '#protocol/outer/lanes.ts';
import { parsePairedMessage, parseTicketMessage } from '#protocol/outer/ticket.ts';
import type { BrokerLink } from './broker-link.ts';
import type { SignIns } from './doors/doors.ts';
import type { InwardLanes } from './inward-lanes.ts';
import type { Journal, Visitor } from './journal.ts';
import type { Revocation, Running } from './revocation.ts';
import type { Rights } from './rights.ts';
import type { SignIn } from './sign-in/sessions.ts';
import type { Slot, Slots } from './slots.ts';
import type { Admission, Tickets } from './tickets.ts';

/** From paired to live: the proof, then the end of a session that is taken over, its lock, and the desktop's first picture. */
const PROOF_TOLD_MAX_MS = PROOF_MAX_MS + 30_000;
/** For the agent to end it under the seal, so that the user can be sure of the reason. Less than the broker's ENDING_GRACE_MS. */
const SEALED_CLOSE_MAX_MS = 1_000;
/** Of one user at once: who comes back, from two windows. More would only be a load (T13). */
export const OPENINGS_PER_USER_MAX = 4;

export interface RelayParts {
  signIns: SignIns;
  tickets: Tickets;
  rights: Rights;
  slots: Slots;
  broker: BrokerLink;
  revocation: Revocation;
  journal: Journal;
  relayed: RelayTally;
  inwardLanes: InwardLanes;
  /** Wall clock, ms. */
  now(): number;
}

/** Who upgraded: certificate gate, origin and cookie have been checked, nothing else. */
export interface Upgraded {
  peer: PeerIdentity;
  signIn: SignIn;
  /** Of the network, without the port. */
  address: string;
}

/** Every session that this process relays or is opening. */
export class Relays {
  readonly #parts: RelayParts;
  readonly #bySession = new Map<string, Relay>();

  constructor(parts: RelayParts) {
    this.#parts = parts;
  }

  /** Takes a client's fresh WebSocket over. */
  take(who: Upgraded, client: Socket): void {
    new Relay(this.#parts, this.#bySession, who, client).awaitTicket();
  }

  /** The same from a page elsewhere: its upgrade could carry neither cookie nor header, so the token comes with the ticket (T24). */
  takeByToken({ peer, visitor }: { peer: PeerIdentity; visitor: Visitor }, client: Socket): void {
    const { signIns, journal } = this.#parts;
    let isOver = false;
    const end = (code: Code, refusal: Refusal) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(late);
      client.close(code);
      journal.relayRefused(visitor, null, refusal);
    };
    const tooLate = new Refusal('PAIRING_OF_LINKS_TIMED_OUT');
    const late = setTimeout(() => end(tooLate.code, tooLate), OPENING_MAX_MS);
    const closed = (code: Code, refusal: Refusal | null) =>
      end(code, refusal ?? new Refusal('PEER_GONE', `before the ticket: ${code}`));
    client.listen({
      text: (text) => {
        const { ticket, token } = parseTicketMessage(text);
        client.listen({ closed });
        signIns.find(visitor, visitor.thumbprint, token ?? null).then(
          (signIn) => {
            clearTimeout(late);
            if (!isOver)
              new Relay(this.#parts, this.#bySession, { peer, signIn, address: visitor.address }, client).open(ticket);
          },
          (error) => {
            const refusal = refusalFrom(error);
            end(refusal.code, refusal);
          },
        );
      },
      closed,
    });
    keepAlive(client);
  }

  /** The agent has ended it, or refused the offer. */
  agentEnded(session: string, code: Code): void {
    this.#bySession.get(session)?.ended(code, null);
  }

  /** How many sessions are being opened, and how many live by municipality. */
  measure(): { opening: number; live: ReadonlyMap<string, number> } {
    let opening = 0;
    const live = new Map<string, number>();
    for (const { liveOf } of this.#bySession.values()) {
      if (liveOf === null) opening++;
      else live.set(liveOf, (live.get(liveOf) ?? 0) + 1);
    }
    return { opening, live };
  }

  /** The gateway stops. */
  endAll(): void {
    for (const relay of this.#bySession.values()) relay.end(new Refusal('SHUTTING_DOWN'));
  }
}

class Relay {
  readonly #parts: RelayParts;
  /** Where it is found by the broker's word from the ticket on. */
  readonly #bySession: Map<string, Relay>;
  readonly #who: Upgraded;
  readonly #client: Socket;
  #late: NodeJS.Timeout;
  #data: Socket | null = null;
  #slot: Slot | null = null;
  #running = false;
  #live = false;
  /** Why, while the agent's sealed close is awaited. */
  #ending: Refusal | null = null;
  #over = false;
  #lastInputAt = 0;

  constructor(parts: RelayParts, bySession: Map<string, Relay>, who: Upgraded, client: Socket) {
    this.#parts = parts;
    this.#bySession = bySession;
    this.#who = who;
    this.#client = client;
    this.#late = setTimeout(() => this.end(new Refusal('PAIRING_OF_LINKS_TIMED_OUT')), OPENING_MAX_MS);
  }

  /** The municipality whose session runs; null before that. */
  get liveOf(): string | null {
    return this.#running ? this.#who.signIn.municipality : null;
  }

  /** Of this user, and not live yet. */
  isOpeningOf({ municipality, user }: SignIn): boolean {
    const { signIn } = this.#who;
    return !this.#live && signIn.municipality === municipality && signIn.user === user;
  }

  awaitTicket(): void {
    this.#client.listen({
      text: (text) => {
        const { ticket, token } = parseTicketMessage(text);
        if (token !== undefined) throw new Refusal('MESSAGE_UNEXPECTED', 'a token beside a cookie');
        this.open(ticket);
      },
      closed: (code, refusal) => this.ended(code, refusal),
    });
    keepAlive(this.#client);
  }

  open(ticket: string): void {
    // Nothing may come before paired; a message without a handler is refused.
    this.#client.listen({ closed: (code, refusal) => this.ended(code, refusal) });
    void this.#open(ticket);
  }

  async #open(ticket: string): Promise<void> {
    try {
      const admission = await this.#admit(ticket);
      const { session, desktop, grant } = admission;
      this.#parts.broker.send({ type: 'open', session, desktop, grant });
      const data = await this.#parts.broker.dialData();
      if (this.#over) return data.close('CONNECTION_LOST');
      this.#data = data;
      this.#awaitPaired(data, admission);
    } catch (error) {
      this.end(refusalFrom(error));
    }
  }

  async #admit(ticket: string): Promise<Admission> {
    const { tickets, rights, slots, journal, now } = this.#parts;
    const { peer, signIn, address } = this.#who;
    journal.requireHealthy();
    const admission = await tickets.redeem(ticket, signIn);
    const { session, desktop } = admission;
    await rights.check({ peer, signIn, desktop });
    const { municipality, user } = signIn;
    await slots.requireAvailable({ municipality, user, desktop });
    if (this.#over) throw new Refusal('PEER_GONE');
    const openings = [...this.#bySession.values()].filter((relay) => relay.isOpeningOf(signIn));
    if (openings.length >= OPENINGS_PER_USER_MAX) throw new Refusal('CONNECTIONS_EXCEEDED', 'openings of one user');
    this.#slot = { session, municipality, user, desktop, startedAt: now(), address };
    this.#bySession.set(session, this);
    return admission;
  }

  #awaitPaired(data: Socket, { session }: Admission): void {
    data.listen({
      text: (text) => {
        const paired = parsePairedMessage(text);
        if (paired.session !== session) throw new Refusal('MESSAGE_UNEXPECTED', 'paired for another session');
        this.#run(data, text);
      },
      closed: (code, refusal) => this.ended(code, refusal),
    });
    keepAlive(data);
    data.sendText(JSON.stringify({ type: 'session', session }));
  }

  #run(data: Socket, paired: string): void {
    const { revocation, journal, relayed } = this.#parts;
    const { municipality } = this.#who.signIn;
    const inward = relayed.of(municipality, Direction.inward);
    const outward = relayed.of(municipality, Direction.outward);
    const client = this.#client;
    const now = () => performance.now();
    const ended = (code: Code, refusal: Refusal | null) => this.ended(code, refusal);
    const admitted = (lane: Lane, bytes: number) => {
      inward.admitted(lane, bytes);
      if (lane === Lane.input) this.#lastInputAt = this.#parts.now();
    };
    clearTimeout(this.#late);
    this.#late = setTimeout(() => this.end(new Refusal('HANDSHAKE_TIMED_OUT')), PROOF_TOLD_MAX_MS);
    const running = this.#watched();
    client.sendText(paired);
    const inwardGate = new LaneGate(Direction.inward, BURST_SECONDS, this.#parts.inwardLanes.of(this.#who.signIn));
    const outwardGate = new LaneGate(Direction.outward, BURST_SECONDS);
    pump({ ...inward, from: client, to: data, gate: inwardGate, now, admitted, ended });
    pump({ ...outward, from: data, to: client, gate: outwardGate, now, ended });
    this.#running = true;
    revocation.add(running);
    journal.relayStarted(running.slot);
  }

  #watched(): Running {
    const relay = this;
    if (!this.#slot) throw new Refusal('INTERNAL', 'paired without a slot');
    return {
      ...this.#who,
      slot: this.#slot,
      desktop: this.#slot.desktop,
      get lastInputAt() {
        return relay.#lastInputAt;
      },
      get live() {
        return relay.#live;
      },
      begin() {
        clearTimeout(relay.#late);
        relay.#live = true;
      },
      end(refusal) {
        relay.revoke(refusal);
      },
    };
  }

  /** This gateway ends it, at once. */
  end(refusal: Refusal): void {
    if (this.#over) return;
    if (!this.#ending) this.#tellOfEnd(refusal);
    this.ended(refusal.code, refusal);
  }

  /**
   * The right to it has ended: no input passes from now on, and what the agent says to the user about it does. Records
   * before the agent's close are let through, too: a gap would make the close unverifiable (protocol/README.md). Whoever
   * holds the close back, agent or broker, wins SEALED_CLOSE_MAX_MS of what was on the screen, and never a key (T01, T03).
   */
  revoke(refusal: Refusal): void {
    if (this.#over || this.#ending) return;
    if (!this.#live || !this.#parts.broker.isUp) {
      this.end(refusal);
      return;
    }
    this.#ending = refusal;
    this.#client.listen({ record() {}, closed: (code) => this.ended(code, null) });
    this.#late = setTimeout(() => this.ended(refusal.code, refusal), SEALED_CLOSE_MAX_MS);
    this.#tellOfEnd(refusal);
  }

  /** The agent is told on the control link, since the data link may be stuck. */
  #tellOfEnd(refusal: Refusal): void {
    const { broker, journal } = this.#parts;
    if (!this.#slot) return;
    if (broker.isUp) broker.send({ type: 'revoke', session: this.#slot.session, code: refusal.code });
    if (this.#running) journal.sessionRevoked(this.#slot, refusal);
  }

  /** @param refusal null when the other side ended it */
  ended(code: Code, refusal: Refusal | null): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#late);
    this.#client.close(code);
    this.#data?.close(code);
    const { revocation, journal, slots } = this.#parts;
    if (this.#slot) revocation.remove(this.#slot.session);
    if (this.#running && this.#slot) journal.relayEnded(this.#slot, code, refusal ?? this.#ending);
    else
      journal.relayRefused(this.#who.signIn, this.#slot, refusal ?? new Refusal('PEER_GONE', `before paired: ${code}`));
    if (!this.#slot) return;
    this.#bySession.delete(this.#slot.session);
    slots.release(this.#slot).catch((error: unknown) => journal.troubled(error));
  }
}
