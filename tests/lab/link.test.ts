// The proxy over real sockets: what it must never do, bytes and bounds. How exact its delays are is for a bench to say.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Link, openLink, UNLIMITED } from '../../lab/link.ts';

const SLOW = { bytesPerSecond: 1_250_000, delayMs: 5 };

let server: Server;
let accepted: Socket[];
let links: Link[];
beforeEach(async () => {
  accepted = [];
  links = [];
  server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    accepted.push(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  for (const link of links) await link.close();
  for (const socket of accepted) socket.destroy();
  server.close();
});

const to = () => ({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });

async function open(options: Partial<Parameters<typeof openLink>[0]> = {}): Promise<{ link: Link; near: Socket }> {
  const link = await openLink({ to: to(), forth: SLOW, back: SLOW, ...options });
  links.push(link);
  const near = connect({ host: '127.0.0.1', port: link.port, allowHalfOpen: true });
  near.on('error', () => {});
  await once(near, 'connect');
  return { link, near };
}

async function far(): Promise<Socket> {
  await vi.waitUntil(() => accepted.length > 0, { interval: 1 });
  return accepted.at(-1) as Socket;
}

/** `once` would throw for the error before it. */
const closed = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('a link', () => {
  it('carries both directions whole and in order, and each end by itself', async () => {
    const { near } = await open();
    const sent = Buffer.from(Array.from({ length: 90_000 }, (_, i) => i % 251));
    near.end(sent);
    const other = await far();
    expect(Buffer.compare(await readAll(other), sent)).toBe(0);
    other.end(sent.subarray(0, 30_000));
    expect(Buffer.compare(await readAll(near), sent.subarray(0, 30_000))).toBe(0);
  });

  it('never gives back before the delay and the rate allow it', async () => {
    const { near } = await open({ forth: { bytesPerSecond: 1_000_000, delayMs: 20 }, back: UNLIMITED });
    const began = performance.now();
    near.end(Buffer.alloc(50_000));
    await readAll(await far());
    // 50 ms of the rate, then the delay; half a millisecond is the timer's
    expect(performance.now() - began).toBeGreaterThan(69);
  });

  it('stops reading while it is stalled, and goes on as it was told', async () => {
    const { link, near } = await open({ forth: { bytesPerSecond: 0, delayMs: 0 } });
    const other = await far();
    let received = 0;
    other.on('data', (chunk) => (received += chunk.length));
    let offered = 0;
    // More than kernel and link hold together, so that the sender is really stopped
    while (near.write(Buffer.alloc(65_536)) || near.bufferSize < 4_000_000) offered += 65_536;
    await vi.waitUntil(() => link.heldBytes > 0, { interval: 1 });
    expect(link.heldBytes).toBeLessThanOrEqual(65_536);
    expect(received).toBe(0);
    link.reshape({ forth: UNLIMITED });
    await vi.waitUntil(() => received > offered, { interval: 5, timeout: 5_000 });
    expect(link.heldBytes).toBeLessThanOrEqual(33 * 1024 * 1024);
  });

  it('does not read for whoever does not read', async () => {
    const { link, near } = await open({ forth: UNLIMITED, back: UNLIMITED });
    const other = await far();
    other.pause();
    let waiting = 0;
    for (let quiet = 0; quiet < 20; ) {
      near.write(Buffer.alloc(1_000_000));
      await new Promise((next) => setImmediate(next));
      quiet = near.bufferSize > waiting ? quiet + 1 : 0;
      waiting = near.bufferSize;
    }
    expect(link.heldBytes).toBeLessThan(4_000_000);
    near.destroy();
  });

  it('passes on that an end died', async () => {
    const { near } = await open();
    const other = await far();
    other.resume();
    near.resetAndDestroy();
    await closed(other);
  });

  it('says in one line that its port cannot be had', async () => {
    await expect(openLink({ to: to(), forth: SLOW, back: SLOW, port: to().port })).rejects.toThrow(/in use/);
  });

  it('closes whoever connects to what is not there', async () => {
    const { port } = to();
    server.close();
    const link = await openLink({ to: { host: '127.0.0.1', port }, forth: SLOW, back: SLOW });
    links.push(link);
    const near = connect(link.port, '127.0.0.1');
    near.on('error', () => {});
    near.resume();
    await closed(near);
  });
});
