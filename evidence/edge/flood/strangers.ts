// Connections that are opened together and then take their time, each in its own way, until the listener cuts them.
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { type FloodOf, wayOf } from './config.ts';

export type Slow = FloodOf<'silent' | 'dripping-hello' | 'spare' | 'dripping-header' | 'dripping-body'>;

export interface Held {
  opened: number;
  /** Of those, behind TLS. */
  secured: number;
  /** By the listener, while the flood went on. */
  cut: number;
  /** How long those lived, ms; the longest. */
  longestMs: number;
  stillOpen: number;
}

const DRIP_MS = 150;
const SETTLE_MS = 5;

export async function holdOpen(flood: Slow): Promise<Held> {
  const held: Held = { opened: 0, secured: 0, cut: 0, longestMs: 0, stillOpen: 0 };
  const open = new Set<Socket>();
  const over = new AbortController();
  for (let i = 0; i < flood.connections; i++) {
    void hold(flood, i, held, open, over.signal);
    // Together, and not in one packet train that the kernel's backlog would not take.
    if (i % 10 === 9) await delay(SETTLE_MS);
  }
  await delay(flood.seconds * 1000);
  over.abort();
  held.stillOpen = open.size;
  for (const socket of open) socket.destroy();
  return held;
}

async function hold(flood: Slow, i: number, held: Held, open: Set<Socket>, signal: AbortSignal): Promise<void> {
  const tcp = connectTcp({ ...wayOf(flood, i), noDelay: true });
  tcp.on('error', () => tcp.destroy());
  let openedAt = 0;
  tcp.once('close', () => {
    if (!open.delete(tcp) || signal.aborted) return;
    held.cut++;
    held.longestMs = Math.max(held.longestMs, performance.now() - openedAt);
  });
  try {
    await once(tcp, 'connect', { signal });
  } catch {
    return; // refused, which shows in what is missing of the opened
  }
  openedAt = performance.now();
  open.add(tcp);
  held.opened++;
  await MANNERS[flood.kind](tcp, held).catch(() => tcp.destroy());
}

/** What each does with a connection that stands; it ends when the connection does. */
const MANNERS: Readonly<Record<Slow['kind'], (tcp: Socket, held: Held) => Promise<void>>> = {
  silent: async (tcp) => void tcp.resume(),
  async 'dripping-hello'(tcp) {
    tcp.resume();
    // The head of a ClientHello of 2 kB that never becomes whole.
    const head = Buffer.concat([Buffer.from([22, 3, 1, 8, 0, 1, 0, 7, 252]), Buffer.alloc(2_044)]);
    for (let at = 0; at < head.length && !tcp.destroyed; at++) {
      tcp.write(head.subarray(at, at + 1));
      await delay(DRIP_MS);
    }
  },
  async spare(tcp, held) {
    (await secured(tcp, held)).resume();
  },
  async 'dripping-header'(tcp, held) {
    await drip(await secured(tcp, held), 'GET / HTTP/1.1\r\nHost: localhost\r\n', 'X-A: b\r\n');
  },
  async 'dripping-body'(tcp, held) {
    const head = 'POST /enrolment HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
    await drip(await secured(tcp, held), `${head}Content-Length: 4000\r\n\r\n{`, ' ');
  },
};

async function secured(tcp: Socket, held: Held): Promise<TLSSocket> {
  const socket = connectTls({ socket: tcp, servername: 'localhost', rejectUnauthorized: false });
  socket.on('error', () => tcp.destroy());
  socket.once('close', () => tcp.destroy());
  await once(socket, 'secureConnect');
  held.secured++;
  return socket;
}

async function drip(socket: TLSSocket, first: string, drop: string): Promise<void> {
  socket.resume().write(first);
  while (!socket.destroyed) {
    await delay(DRIP_MS);
    socket.write(drop);
  }
}
