// Addresses other than 127.0.0.1 are this machine's, too: on loopback every 127.0.0.0/8 is.
import { once } from 'node:events';
import { createServer } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { Edge } from '#platform/hop/edge.ts';
import { type EdgeLimits, edgeSchema, serverLimits } from '#platform/hop/edge-limits.ts';
import { listen } from '#platform/process/listen.ts';
import type { Refusal } from '#protocol/codes.ts';
import { testTls } from '#tests/support/hop.ts';

const WIDE: Partial<EdgeLimits> = { connectionsPerSecondPerAddress: 10_000, handshakesPerSecond: 10_000 };

let stop = () => {};
afterEach(() => stop());

/** A listener that answers GET / with 200 and knows everybody who asks for /known. */
async function open(limits: Partial<EdgeLimits>) {
  const chosen = edgeSchema().parse({ ...WIDE, ...limits });
  const refusals: { reason: string; detail: string; address: string }[] = [];
  const refused = ({ reason, detail }: Refusal, address: string) => void refusals.push({ reason, detail, address });
  const server = createServer({ ...testTls, ...serverLimits(chosen) });
  const edge = new Edge(server, { limits: chosen, now: () => performance.now(), refused }, (request, response) => {
    if (request.url === '/known') edge.established(request.socket as TLSSocket);
    if (request.url !== '/never') response.end('here');
  });
  const port = await listen(server, { host: '127.0.0.1', port: 0 });
  const sockets: Socket[] = [];
  const watched = <S extends Socket>(socket: S): S => {
    sockets.push(socket);
    socket.on('error', () => {});
    return socket;
  };
  stop = () => {
    for (const socket of sockets) socket.destroy();
    edge.close();
    server.close();
    server.closeAllConnections();
  };
  const at = (address: string) => ({ host: '127.0.0.1', port, localAddress: address });
  return {
    edge,
    refusals,
    tcp: (address = '127.0.0.1') => watched(connectTcp(at(address))),
    tls: (address = '127.0.0.1') => watched(connectTls({ ...at(address), ...testTls })),
    reasons: () => refusals.map(({ reason, detail }) => `${reason} ${detail}`),
  };
}

const secured = (socket: TLSSocket) => once(socket, 'secureConnect');
const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()).resume());
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

async function answered(socket: TLSSocket, path: string): Promise<string> {
  socket.write(get(path));
  const [data] = await once(socket, 'data');
  return String(data).split('\r\n')[0] ?? '';
}

describe('the edge of a listener (T25)', () => {
  it('lets in who comes as everybody does, and lets who is known stay', async () => {
    const { edge, tls, refusals } = await open({ handshakeSeconds: 1, headersSeconds: 1 });
    const socket = tls();
    await secured(socket);
    expect(edge.measures).toEqual({ known: 0, strangers: 1 });
    expect(await answered(socket, '/known')).toBe('HTTP/1.1 200 OK');
    expect(edge.measures).toEqual({ known: 1, strangers: 0 });
    // Beyond what a stranger may take.
    await new Promise((resolve) => setTimeout(resolve, 2_300));
    expect(await answered(socket, '/')).toBe('HTTP/1.1 200 OK');
    socket.destroy();
    await expect.poll(() => edge.measures).toEqual({ known: 0, strangers: 0 });
    expect(refusals).toEqual([]);
  });

  it('cuts more connections of one address than it may have, and those of no other', async () => {
    const { edge, tcp, tls, reasons } = await open({ connectionsPerAddress: 3 });
    for (let i = 0; i < 3; i++) await once(tcp(), 'connect');
    await expect.poll(() => edge.measures.strangers).toBe(3);
    // The rate allows as many at once as the address may have: it is the first to be asked.
    const extra = [tcp(), tcp()];
    await Promise.all(extra.map(closed));
    const other = tls('127.0.0.2');
    await secured(other);
    expect(await answered(other, '/')).toBe('HTTP/1.1 200 OK');
    expect(new Set(reasons())).toEqual(new Set(['CONNECTIONS_EXCEEDED of one address']));
  });

  it('cuts new connections of one address above its rate, and lets them in again with time', async () => {
    const { tcp, tls, reasons } = await open({ connectionsPerAddress: 4, connectionsPerSecondPerAddress: 4 });
    for (let i = 0; i < 4; i++) {
      const socket = tcp();
      await once(socket, 'connect');
      const gone = closed(socket);
      socket.destroy();
      await gone;
    }
    await closed(tcp());
    expect(reasons()).toEqual(['RATE_EXCEEDED connections of one address']);
    await secured(tls('127.0.0.2'));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await secured(tls());
  });

  it('gives up the oldest stranger of the address with the most, and nobody who is known', async () => {
    const { edge, tcp, tls, reasons } = await open({ unestablished: 3 });
    const known = tls();
    await secured(known);
    await answered(known, '/known');
    const silent = [tcp(), tcp(), tcp()];
    const gone: number[] = [];
    for (const [i, socket] of silent.entries()) void closed(socket).then(() => gone.push(i));
    await expect.poll(() => edge.measures.strangers).toBe(3);
    const other = tls('127.0.0.2');
    await secured(other);
    await expect.poll(() => gone).toEqual([0]);
    expect(reasons()).toEqual(['CONNECTIONS_EXCEEDED without a request']);
    expect(await answered(known, '/')).toBe('HTTP/1.1 200 OK');
    expect(await answered(other, '/')).toBe('HTTP/1.1 200 OK');
  });

  it('begins a handshake only when its turn has come, and addresses take turns', async () => {
    const { tls } = await open({ handshakesPerSecond: 25 });
    const order: string[] = [];
    const flood = Array.from({ length: 40 }, () => tls());
    for (const socket of flood) socket.once('secureConnect', () => order.push('flood'));
    await once(flood[0] as TLSSocket, 'secureConnect');
    await secured(tls('127.0.0.2'));
    // 40 handshakes are 1.6 s of turns; whoever comes alone waits for one of them.
    expect(order.length).toBeLessThan(20);
    expect(order.length).toBeGreaterThan(0);
  });

  it('cuts who sends a ClientHello byte by byte, and waits for one that comes in a few pieces', async () => {
    const { tcp, tls, reasons } = await open({});
    const dripping = tcp();
    dripping.setNoDelay();
    await once(dripping, 'connect');
    const gone = closed(dripping);
    const record = Buffer.concat([Buffer.from([22, 3, 1, 8, 0]), Buffer.from([1, 0, 7, 252]), Buffer.alloc(2_044)]);
    let at = 0;
    const drip = setInterval(() => dripping.write(record.subarray(at, ++at)), 2);
    await gone;
    clearInterval(drip);
    expect(at).toBeLessThan(1_000);
    expect(reasons()).toEqual(['MALFORMED ClientHello: in too many pieces']);
    await secured(tls());
  });

  it('cuts what is no TLS before OpenSSL sees it', async () => {
    const { tcp, reasons } = await open({});
    const socket = tcp();
    socket.write('GET / HTTP/1.0\r\n\r\n');
    await closed(socket);
    expect(reasons()).toEqual(['MALFORMED ClientHello: no TLS']);
  });

  it('cuts who stays silent: before TLS with a word in the log, behind it without', async () => {
    const { tcp, tls, reasons } = await open({ handshakeSeconds: 1, headersSeconds: 1 });
    const began = performance.now();
    const spare = tls();
    await Promise.all([closed(tcp()), secured(spare).then(() => closed(spare))]);
    expect(performance.now() - began).toBeLessThan(6_000);
    expect(reasons()).toEqual(['HANDSHAKE_TIMED_OUT TLS']);
  });

  it('cuts whoever drips a header, or takes no answer', async () => {
    const { tls } = await open({ handshakeSeconds: 1, headersSeconds: 1, requestSeconds: 1, answerSeconds: 1 });
    const dripping = tls();
    await secured(dripping);
    dripping.write('GET / HTTP/1.1\r\nHost: localhost\r\n');
    const drip = setInterval(() => dripping.write('X-A: b\r\n'), 100);
    const waiting = tls();
    await secured(waiting);
    waiting.write(get('/never'));
    await Promise.all([closed(dripping), closed(waiting)]);
    clearInterval(drip);
  });

  it('answers one request at a time: who packs many into one chunk is cut', async () => {
    const { tls } = await open({});
    const socket = tls();
    await secured(socket);
    let answers = 0;
    socket.on('data', (data) => {
      answers += String(data).split('HTTP/1.1 200').length - 1;
    });
    socket.write(get('/').repeat(500));
    await closed(socket);
    expect(answers).toBeLessThanOrEqual(1);
  });

  it('spends no turn on who has gone away while it waited', async () => {
    const { edge, tcp, tls } = await open({ handshakesPerSecond: 4 });
    const hello = Buffer.concat([Buffer.from([22, 3, 1, 0, 104]), Buffer.from([1, 0, 0, 100]), Buffer.alloc(100)]);
    const flood = Array.from({ length: 40 }, () => tcp());
    for (const socket of flood) socket.write(hello);
    await expect.poll(() => edge.measures.strangers).toBeGreaterThan(30);
    const began = performance.now();
    for (const socket of flood) socket.end();
    await secured(tls());
    // Their turns would have taken nine seconds.
    expect(performance.now() - began).toBeLessThan(4_000);
  });

  it('survives who resets or half-closes while it waits', async () => {
    const { edge, tcp, tls, refusals } = await open({ handshakesPerSecond: 5 });
    const hello = Buffer.concat([Buffer.from([22, 3, 1, 0, 104]), Buffer.from([1, 0, 0, 100]), Buffer.alloc(100)]);
    const flood = Array.from({ length: 20 }, () => tcp());
    for (const socket of flood) socket.write(hello);
    await expect.poll(() => edge.measures.strangers).toBeGreaterThan(10);
    for (const socket of flood) socket.resetAndDestroy();
    const half = tcp();
    half.end(Buffer.from([22, 3, 1]));
    await closed(half);
    await expect.poll(() => edge.measures).toEqual({ known: 0, strangers: 0 });
    await secured(tls());
    expect(refusals).toEqual([]);
  });
});

describe('its configuration', () => {
  it('has safe defaults, refuses what is none, and a header that may take longer than its request', () => {
    const defaults = edgeSchema().parse(undefined);
    expect(defaults).toMatchObject({ connectionsPerAddress: 256, unestablished: 1_000 });
    for (const wrong of [
      { connections: 0 },
      { handshakesPerSecond: 0 },
      { handshakeSeconds: 121 },
      { headersSeconds: 16 },
      { unlimited: true },
    ]) {
      expect(edgeSchema().safeParse(wrong).success).toBe(false);
    }
    expect(edgeSchema({ connectionsPerAddress: 7 }).parse({}).connectionsPerAddress).toBe(7);
  });
});
