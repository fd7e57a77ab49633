// Sessions from their opening to their end.
//
//   gateway link   open ──▶ waiting ──▶ offer to the agent
//   data links     the gateway's and the agent's, each naming the session
//   both there     paired ──▶ live (relay.ts) ──▶ ended
//
// Who may do what: a session belongs to the gateway that opened it and to the agent whose certificate covers its desktop.
// A link message or a data link of anybody else about it is refused, audited, and changes nothing for the session (T17).
// The gateway's data link may overtake its open, which travels on another connection.
import type { Socket } from '#platform/hop/websocket.ts';
import type { RelayTally } from '#platform/metrics/relay-tally.ts';
import type { Limits } from '#platform/process/limits.ts';
import { type Code, Refusal, refusalFrom } from '#protocol/codes.ts';
import { OPENING_MAX_MS } from '#protocol/limits.ts';
import { agentOfDesktop } from '#protocol/names.ts';
import type { FromAgent, FromGateway, ToAgent, ToGateway } from '#protocol/outer/link.ts';
import type { PairedMessage } from '#protocol/outer/ticket.ts';
import { ENDING_GRACE_MS, SESSIONS_MAX, WAITING_MAX } from './limits.ts';
import { relay } from './relay.ts';
import { SessionLimit } from './session-limit.ts';
import type { Shaper } from './shaping/shaper.ts';
import type { Trail } from './trail.ts';

export type OpenMessage = Extract<FromGateway, { type: 'open' }>;
export type AgentSessionMessage = Extract<FromAgent, { session: string }>;
export type GatewaySessionMessage = Extract<FromGateway, { type: 'lease' | 'revoke' }>;

/** Who counts sessions hears of each live one twice. */
export interface SessionObserver {
  began?(municipality: string): void;
  ended?(municipality: string): void;
}

export interface PairingOptions {
  trail: Trail;
  shaper: Shaper;
  relayed: RelayTally;
  observer: SessionObserver;
  limits: Limits;
  /** @throws AUDIT_UNWRITABLE: what cannot be written down does not begin (G4) */
  requireAudit(): void;
  /** A monotonic clock in ms. */
  now(): number;
  /** The agent that serves the desktop now, or null. */
  serving(desktop: string): string | null;
  toAgent(agent: string, message: ToAgent): void;
  toGateway(gateway: string, message: ToGateway): void;
}

interface Session {
  readonly id: string;
  readonly gateway: string;
  /** Null while only the gateway's data link has come. */
  offered: { agent: string; desktop: string } | null;
  gatewayData: Socket | null;
  agentData: Socket | null;
  /** Whose live session it is; null while it waits. */
  liveOf: string | null;
  /** Null while it waits. */
  limit: SessionLimit | null;
  /** While waiting: the limit of the opening. While live: runs only once the end has been told. */
  timer: NodeJS.Timeout | null;
}

export class Pairing {
  readonly #options: PairingOptions;
  readonly #sessions = new Map<string, Session>();
  #waiting = 0;

  constructor(options: PairingOptions) {
    this.#options = options;
  }

  /** Sessions of any phase. */
  get size(): number {
    return this.#sessions.size;
  }

  /** How many sessions are being opened, and how many live by municipality. */
  measure(): { opening: number; live: ReadonlyMap<string, number> } {
    const live = new Map<string, number>();
    for (const { liveOf } of this.#sessions.values()) if (liveOf) live.set(liveOf, (live.get(liveOf) ?? 0) + 1);
    return { opening: this.#waiting, live };
  }

  /** Offers the session to its agent. A refusal is answered with `ended` on the gateway's link and closes no link. */
  open(gateway: string, { session: id, desktop, grant }: OpenMessage): void {
    const early = this.#sessions.get(id);
    try {
      if (early && (early.offered || early.gateway !== gateway)) throw new Refusal('SESSION_DUPLICATE');
      this.#options.requireAudit();
      const agent = this.#options.serving(desktop);
      if (agent === null) throw new Refusal('AGENT_OFFLINE', desktop);
      const session = early ?? this.#wait(id, gateway);
      session.offered = { agent, desktop };
      this.#options.toAgent(agent, { type: 'offer', session: id, grant });
    } catch (error) {
      const refusal = refusalFrom(error);
      this.#options.trail.refused({ gateway }, refusal, { session: id, desktop });
      this.#options.toGateway(gateway, { type: 'ended', session: id, code: refusal.code });
      if (early && !early.offered && early.gateway === gateway) this.#end(early, refusal.code, null);
    }
  }

  /** @throws GATEWAY_WRONG, SESSION_DUPLICATE, CONNECTIONS_EXCEEDED, AUDIT_UNWRITABLE */
  joinGateway(gateway: string, id: string, socket: Socket): void {
    this.#options.requireAudit();
    const session = this.#sessions.get(id) ?? this.#wait(id, gateway);
    if (session.gateway !== gateway) throw new Refusal('GATEWAY_WRONG');
    if (session.gatewayData) throw new Refusal('SESSION_DUPLICATE', 'data link');
    session.gatewayData = socket;
    this.#joined(session, socket, 'gateway');
  }

  /** @throws SESSION_UNKNOWN, AGENT_WRONG, SESSION_DUPLICATE */
  joinAgent(agent: string, id: string, socket: Socket): void {
    const session = this.#sessions.get(id);
    if (!session?.offered) throw new Refusal('SESSION_UNKNOWN');
    if (session.offered.agent !== agent) throw new Refusal('AGENT_WRONG', `offered to ${session.offered.agent}`);
    if (session.agentData) throw new Refusal('SESSION_DUPLICATE', 'data link');
    session.agentData = socket;
    this.#joined(session, socket, 'agent');
  }

  /** @throws SESSION_OF_ANOTHER */
  fromAgent(agent: string, message: AgentSessionMessage): void {
    const session = this.#sessions.get(message.session);
    // A late word about a session that has just ended is nobody's fault.
    if (!session) return;
    if (session.offered?.agent !== agent) throw new Refusal('SESSION_OF_ANOTHER', message.type);
    // Of a live session the data link's own close tells the end, behind the agent's sealed close: on the control link it
    // would overtake that, and the user would see an end that nobody authenticated.
    if (message.type !== 'ended' || session.liveOf === null) this.#options.toGateway(session.gateway, message);
    if (message.type === 'ended') this.#endSoon(session, message.code);
  }

  /** @throws SESSION_OF_ANOTHER */
  fromGateway(gateway: string, message: GatewaySessionMessage): void {
    const session = this.#sessions.get(message.session);
    if (!session) return;
    if (session.gateway !== gateway) throw new Refusal('SESSION_OF_ANOTHER', message.type);
    if (session.offered) this.#options.toAgent(session.offered.agent, message);
    if (message.type === 'revoke') this.#endSoon(session, message.code);
  }

  /** Its link is gone: nobody is left to answer what waits for it. Live sessions go on (agents.ts). */
  agentGone(agent: string): void {
    for (const session of this.#sessions.values()) {
      if (session.liveOf === null && session.offered?.agent === agent)
        this.#giveUp(session, new Refusal('AGENT_OFFLINE'));
    }
  }

  gatewayGone(gateway: string): void {
    for (const session of this.#sessions.values()) {
      if (session.liveOf === null && session.gateway === gateway)
        this.#giveUp(session, new Refusal('PEER_GONE', 'gateway link'));
    }
  }

  close(refusal: Refusal): void {
    for (const session of this.#sessions.values()) this.#end(session, refusal.code, refusal);
  }

  #wait(id: string, gateway: string): Session {
    if (this.#waiting >= WAITING_MAX || this.#sessions.size - this.#waiting >= SESSIONS_MAX) {
      throw new Refusal('CONNECTIONS_EXCEEDED', 'sessions');
    }
    const session: Session = {
      id,
      gateway,
      offered: null,
      gatewayData: null,
      agentData: null,
      liveOf: null,
      limit: null,
      timer: setTimeout(() => this.#giveUp(session, new Refusal('PAIRING_OF_LINKS_TIMED_OUT')), OPENING_MAX_MS),
    };
    this.#sessions.set(id, session);
    this.#waiting++;
    return session;
  }

  #joined(session: Session, socket: Socket, side: 'gateway' | 'agent'): void {
    // Nothing may be said before paired: any message is refused.
    socket.listen({
      closed: (code, refusal) => {
        if (side === 'gateway') session.gatewayData = null;
        else session.agentData = null;
        this.#giveUp(session, refusal ?? new Refusal('PEER_GONE', `${side}'s data link`), code);
      },
    });
    const { offered, gatewayData, agentData } = session;
    if (offered && gatewayData && agentData) this.#pair(session, offered.desktop, gatewayData, agentData);
  }

  #pair(session: Session, desktop: string, gateway: Socket, agent: Socket): void {
    const { municipality } = agentOfDesktop(desktop);
    session.liveOf = municipality;
    this.#waiting--;
    this.#stopTimer(session);
    const paired: PairedMessage = { type: 'paired', session: session.id };
    for (const socket of [gateway, agent]) socket.sendText(JSON.stringify(paired));
    this.#options.trail.paired(session);
    const { shaper, relayed, observer, limits, now } = this.#options;
    const limit = new SessionLimit({ limits, now, struck: (refusal) => this.#limitReached(session, refusal) });
    session.limit = limit;
    observer.began?.(municipality);
    // The relay closes the other socket by itself, behind what still waits for its turn on the line.
    const ended = (code: Code, refusal: Refusal | null) => void this.#forget(session, code, refusal);
    relay({
      session: session.id,
      municipality,
      gateway,
      agent,
      shaper,
      relayed,
      now,
      input: () => limit.active(),
      ended,
    });
  }

  /** The agent hears it, so that the user is told under the seal; then it is over, whatever the agent does. */
  #limitReached(session: Session, refusal: Refusal): void {
    if (session.offered) {
      this.#options.toAgent(session.offered.agent, { type: 'revoke', session: session.id, code: refusal.code });
    }
    this.#endSoon(session, refusal.code, refusal);
  }

  /** A waiting session comes to nothing: both ends hear it on their links, since one may have no data link yet. */
  #giveUp(session: Session, refusal: Refusal, code: Code = refusal.code): void {
    if (this.#sessions.get(session.id) !== session) return;
    this.#options.toGateway(session.gateway, { type: 'ended', session: session.id, code });
    if (session.offered) this.#options.toAgent(session.offered.agent, { type: 'revoke', session: session.id, code });
    this.#end(session, code, refusal);
  }

  /** The end has been told on a link. A waiting session ends now; a live one gets the time for its sealed close. */
  #endSoon(session: Session, code: Code, refusal: Refusal | null = null): void {
    if (session.liveOf === null) this.#end(session, code, refusal);
    else session.timer ??= setTimeout(() => this.#end(session, code, refusal), ENDING_GRACE_MS);
  }

  /** Cuts both sockets at once. */
  #end(session: Session, code: Code, refusal: Refusal | null): void {
    if (!this.#forget(session, code, refusal)) return;
    session.gatewayData?.close(code);
    session.agentData?.close(code);
  }

  /** @returns false if it was over already: closing a socket leads back here through its own end */
  #forget(session: Session, code: Code, refusal: Refusal | null): boolean {
    if (!this.#sessions.delete(session.id)) return false;
    if (session.liveOf === null) this.#waiting--;
    else this.#options.observer.ended?.(session.liveOf);
    this.#stopTimer(session);
    session.limit?.stop();
    this.#options.trail.ended(session, code, refusal);
    return true;
  }

  #stopTimer(session: Session): void {
    if (session.timer) clearTimeout(session.timer);
    session.timer = null;
  }
}
