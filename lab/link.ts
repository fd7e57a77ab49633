// A line of the lab between two programs: a TCP proxy with a rate and a delay in each direction. The kernel's own delay
// (netem) is missing on many machines, and a delay made here needs no rights. All connections share the line.
//
// Delays are exact to about a millisecond, Node's timer; the rate is exact over any longer time. It holds what flies, 5 ms
// of the rate and one read of at most 64 KiB for each connection; beyond that it stops reading.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { listen } from '#platform/process/listen.ts';
import { Line, type LineShape } from './line.ts';

export interface LinkOptions {
  to: { host: string; port: number };
  /** From whoever connects towards `to`. */
  forth: LineShape;
  back: LineShape;
  /** Where it listens; by default a free port of loopback. */
  host?: string;
  port?: number;
}

export interface Link {
  readonly port: number;
  reshape(shapes: { forth?: LineShape; back?: LineShape }): void;
  /** Read and not yet passed on, both directions. */
  readonly heldBytes: number;
  /** Breaks every connection off, as a router does that is started anew; whoever dials again gets through. */
  cut(): void;
  /** Ends every connection. */
  close(): Promise<void>;
}

export const UNLIMITED: LineShape = { bytesPerSecond: Number.POSITIVE_INFINITY, delayMs: 0 };

const CONNECTIONS_MAX = 4_096;
/** A slower line is cut into pieces of this time, so that no two connections wait for each other longer than that. */
const PIECE_MS = 1;
const PIECE_MIN_BYTES = 1_460;

/** @throws Failure if the port cannot be bound */
export async function openLink({ to, forth, back, host = '127.0.0.1', port = 0 }: LinkOptions): Promise<Link> {
  const lines = { forth: new Way(forth), back: new Way(back) };
  const open = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ ...to, allowHalfOpen: true, noDelay: true });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket);
      socket.on('error', () => other.resetAndDestroy());
      socket.on('close', () => {
        open.delete(socket);
        if (!socket.readableEnded) other.destroy();
      });
    }
    lines.forth.carry(near, far);
    lines.back.carry(far, near);
  });
  server.maxConnections = CONNECTIONS_MAX;
  const bound = await listen(server, { host, port });
  return {
    port: bound,
    reshape(shapes) {
      if (shapes.forth) lines.forth.reshape(shapes.forth);
      if (shapes.back) lines.back.reshape(shapes.back);
    },
    get heldBytes() {
      return lines.forth.heldBytes + lines.back.heldBytes;
    },
    cut() {
      for (const socket of open) socket.resetAndDestroy();
    },
    async close() {
      for (const way of [lines.forth, lines.back]) way.close();
      for (const socket of open) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** One piece of a connection's stream, or its end. */
interface Piece {
  readonly to: Socket;
  readonly bytes: Buffer | null;
}

/** A direction: its line, and the sockets that feed it. */
class Way {
  readonly #line: Line<Piece>;
  #shape: LineShape;
  readonly #sources = new Map<Socket, Socket>();
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(shape: LineShape) {
    this.#shape = shape;
    this.#line = new Line(shape);
  }

  get heldBytes(): number {
    return this.#line.heldBytes;
  }

  reshape(shape: LineShape): void {
    this.#shape = shape;
    this.#line.reshape(shape, performance.now());
    this.#run();
  }

  carry(from: Socket, to: Socket): void {
    this.#sources.set(from, to);
    from.on('data', (chunk: Buffer) => this.#push(to, chunk));
    from.on('end', () => {
      this.#line.push({ to, bytes: null }, 0, performance.now());
      this.#run();
    });
    from.on('close', () => this.#sources.delete(from));
    to.on('drain', () => this.#regulate());
    this.#regulate();
  }

  close(): void {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  #push(to: Socket, chunk: Buffer): void {
    const now = performance.now();
    const { bytesPerSecond } = this.#shape;
    const most = Math.max(PIECE_MIN_BYTES, Math.floor((bytesPerSecond * PIECE_MS) / 1000));
    for (let at = 0; at < chunk.length; at += most) {
      const bytes = chunk.subarray(at, at + most);
      this.#line.push({ to, bytes }, bytes.length, now);
    }
    this.#run();
  }

  /** Hands over what has arrived, and comes back when the next piece will have. */
  #run(): void {
    if (this.#closed) return;
    for (const { to, bytes } of this.#line.take(performance.now())) {
      if (to.destroyed || to.writableEnded) continue;
      if (bytes) to.write(bytes);
      else to.end();
    }
    this.#regulate();
    if (this.#timer) clearTimeout(this.#timer);
    const { nextAt } = this.#line;
    this.#timer =
      nextAt === null ? null : setTimeout(() => this.#run(), Math.max(0, Math.round(nextAt - performance.now())));
  }

  /** Reads no more than the line takes in, and nothing for whoever does not read. */
  #regulate(): void {
    const { full } = this.#line;
    for (const [from, to] of this.#sources) {
      if (full || to.writableNeedDrain) from.pause();
      else if (from.isPaused()) from.resume();
    }
  }
}
