// What strangers may cost a listener before anybody is known (F8, T25). Every listener has it around it:
//
//   accepted      the address's rate, its connections, all connections: else cut before one byte is read
//   waiting       for a whole ClientHello, then for a turn: networks take turns          handshakeSeconds
//   handshaking   TLS; what it costs is bounded by the turns                             │
//   secured       no request yet                                                         ▼ + headersSeconds
//   established   somebody is known, or has asked; counted by address until it closes
//
// Where there is no more room before "established", the oldest of the network that has the most goes: a flood gives up its
// own, and whoever comes from elsewhere gets in. A cut costs no answer, since an answer would be TLS.
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Refusal, refusalFrom } from '#protocol/codes.ts';
import { TokenBucket } from '#protocol/token-bucket.ts';
import { hasClientHello } from './client-hello.ts';
import { Crowd } from './crowd.ts';
import type { EdgeLimits } from './edge-limits.ts';
import { KeyedRate } from './keyed-rate.ts';
import { networkOf } from './network.ts';
import { type Answer, oneAtATime } from './one-at-a-time.ts';
import { Turns } from './turns.ts';

/** Begun at the same time: who holds the middle of a handshake back can bring this many down at once, 0.2 s of work. */
const HANDSHAKING_MAX = 64;
/** Handshakes that begin in one turn of the event loop, which also relays. */
const TURNS_AT_ONCE = 4;
/** Networks deliver a ClientHello in two or three. */
const HELLO_PIECES_MAX = 64;
const HEADERS_MAX = 64;
const REQUESTS_OF_A_CONNECTION_MAX = 1_000;

export interface EdgeParts {
  limits: EdgeLimits;
  /** A monotonic clock, ms. */
  now(): number;
  /** Somebody was cut; called as often as that happens. */
  refused(refusal: Refusal, address: string): void;
}

interface Arrival {
  readonly socket: Socket;
  readonly network: string;
  readonly address: string;
  /** Names the connection, also when Node shows it to us as a TLS socket. */
  readonly name: string;
  /** Whoever has come so far and is not known yet is cut then. */
  readonly late: NodeJS.Timeout;
  isSecured: boolean;
  /** Puts what was read of it back for OpenSSL. */
  handBack(): void;
}

export class Edge {
  readonly #parts: EdgeParts;
  readonly #rate: KeyedRate;
  readonly #pace: TokenBucket;
  readonly #open = new Map<string, number>();
  #total = 0;
  readonly #arrivals = new Map<string, Arrival>();
  readonly #unestablished: Crowd<Arrival>;
  readonly #handshaking = new Crowd<Arrival>(HANDSHAKING_MAX);
  readonly #waiting = new Turns<Arrival>();
  #turn: NodeJS.Timeout | null = null;
  readonly #handshake: (socket: Socket) => void;

  /**
   * @param server that does not listen yet
   * @param answer each request that is no upgrade, one at a time on a connection
   */
  constructor(server: Server, parts: EdgeParts, answer: Answer) {
    const { limits, now } = parts;
    this.#parts = parts;
    this.#rate = new KeyedRate({
      perSecond: limits.connectionsPerSecondPerAddress,
      burst: limits.connectionsPerAddress,
      now,
    });
    this.#pace = new TokenBucket(limits.handshakesPerSecond, TURNS_AT_ONCE, now());
    this.#unestablished = new Crowd(limits.unestablished);
    server.maxHeadersCount = HEADERS_MAX;
    server.maxRequestsPerSocket = REQUESTS_OF_A_CONNECTION_MAX;
    // What Node does with a connection, a TLS handshake, waits until it is that connection's turn.
    const handshake = server.listeners('connection');
    server.removeAllListeners('connection');
    this.#handshake = (socket) => {
      for (const begin of handshake) begin.call(server, socket);
    };
    server.on('connection', (socket) => this.#accept(socket));
    server.on('secureConnection', (socket) => {
      const arrival = this.#arrivals.get(nameOf(socket));
      if (!arrival) return;
      arrival.isSecured = true;
      this.#handshaking.delete(arrival);
    });
    const one = oneAtATime(answer, limits.answerSeconds * 1000);
    server.on('request', one);
    // Or Node would answer an unknown Expect header by itself, before anybody looks at the certificate.
    server.on('checkExpectation', one);
  }

  /** Whoever is at the other end is known, or has asked for something that strangers may ask for. */
  established(peer: TLSSocket): void {
    const arrival = this.#arrivals.get(nameOf(peer));
    if (arrival) this.#settle(arrival);
  }

  /** Cuts on whom nobody is known. */
  close(): void {
    if (this.#turn) clearTimeout(this.#turn);
    for (const { socket } of this.#arrivals.values()) socket.destroy();
  }

  /** Connections on which somebody is known, and those of strangers. */
  get measures(): { known: number; strangers: number } {
    return { known: this.#total - this.#unestablished.size, strangers: this.#unestablished.size };
  }

  #accept(socket: Socket): void {
    const address = socket.remoteAddress;
    // It has gone before we saw it.
    if (address === undefined) return void socket.destroy();
    const network = networkOf(address);
    // A reset before TLS has taken the socket over.
    socket.on('error', () => socket.destroy());
    const objection = this.#objection(network);
    if (objection) {
      socket.destroy();
      this.#parts.refused(objection, address);
      return;
    }
    this.#count(network, 1);
    const { handshakeSeconds, headersSeconds } = this.#parts.limits;
    const late = setTimeout(() => this.#tooLate(arrival), (handshakeSeconds + headersSeconds) * 1000);
    const arrival: Arrival = { socket, network, address, name: nameOf(socket), late, isSecured: false, handBack() {} };
    this.#arrivals.set(arrival.name, arrival);
    socket.once('close', () => {
      this.#count(network, -1);
      this.#settle(arrival);
    });
    this.#crowdedOut(this.#unestablished.add(arrival), 'without a request');
    if (!socket.destroyed) this.#awaitHello(arrival);
  }

  #objection(network: string): Refusal | null {
    const { connections, connectionsPerAddress } = this.#parts.limits;
    if (!this.#rate.admit(network)) return new Refusal('RATE_EXCEEDED', 'connections of one address');
    if ((this.#open.get(network) ?? 0) >= connectionsPerAddress) {
      return new Refusal('CONNECTIONS_EXCEEDED', 'of one address');
    }
    return this.#total >= connections ? new Refusal('CONNECTIONS_EXCEEDED', 'in all') : null;
  }

  #count(network: string, one: 1 | -1): void {
    const open = (this.#open.get(network) ?? 0) + one;
    this.#total += one;
    if (open > 0) this.#open.set(network, open);
    else this.#open.delete(network);
  }

  /** Reads all the time, so that whoever goes away while it waits costs no handshake. */
  #awaitHello(arrival: Arrival): void {
    const { socket } = arrival;
    let hello: Buffer = Buffer.alloc(0);
    let pieces = 0;
    let isWhole = false;
    const look = () => {
      const piece: Buffer | null = socket.read();
      if (!piece) return;
      hello = Buffer.concat([hello, piece]);
      try {
        if (++pieces > HELLO_PIECES_MAX) throw new Refusal('MALFORMED', 'ClientHello: in too many pieces');
        if (!hasClientHello(hello) || isWhole) return;
      } catch (error) {
        this.#cut(arrival, refusalFrom(error));
        return;
      }
      isWhole = true;
      this.#waiting.add(arrival);
      this.#takeTurns();
    };
    const gone = () => void socket.destroy();
    socket.on('readable', look);
    socket.once('end', gone);
    arrival.handBack = () => {
      socket.off('readable', look);
      socket.off('end', gone);
      socket.unshift(hello);
    };
  }

  #takeTurns(): void {
    const { limits, now } = this.#parts;
    while (!this.#turn && this.#waiting.size > 0) {
      if (!this.#pace.takeIfThere(now())) {
        this.#turn = setTimeout(() => {
          this.#turn = null;
          this.#takeTurns();
        }, 1000 / limits.handshakesPerSecond);
        return;
      }
      const arrival = this.#waiting.next();
      if (arrival) this.#begin(arrival);
    }
  }

  #begin(arrival: Arrival): void {
    this.#crowdedOut(this.#handshaking.add(arrival), 'in the middle of a handshake');
    arrival.handBack();
    this.#handshake(arrival.socket);
  }

  /** Nobody waits for it and nothing is left to be done for it but the count. */
  #settle(arrival: Arrival): void {
    clearTimeout(arrival.late);
    if (this.#arrivals.get(arrival.name) === arrival) this.#arrivals.delete(arrival.name);
    this.#waiting.delete(arrival);
    this.#handshaking.delete(arrival);
    this.#unestablished.delete(arrival);
  }

  #crowdedOut(arrival: Arrival | null, detail: string): void {
    if (arrival) this.#cut(arrival, new Refusal('CONNECTIONS_EXCEEDED', detail));
  }

  #tooLate(arrival: Arrival): void {
    arrival.socket.destroy();
    // Browsers keep a spare connection, secured, and that is nothing to tell of.
    if (!arrival.isSecured) this.#parts.refused(new Refusal('HANDSHAKE_TIMED_OUT', 'TLS'), arrival.address);
  }

  #cut(arrival: Arrival, refusal: Refusal): void {
    this.#settle(arrival);
    arrival.socket.destroy();
    this.#parts.refused(refusal, arrival.address);
  }
}

/** The same for both faces of a connection: TLS hands the addresses of the TCP socket on. */
function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}|${remotePort}`;
}
