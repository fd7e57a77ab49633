// TLS handshakes without a certificate, as fast as told. A ClientHello that is sent again and again costs the sender nothing and
// the listener a key exchange and a signature; with a ticket it costs both ends less.
import { once } from 'node:events';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { TokenBucket } from '#protocol/token-bucket.ts';
import { type FloodOf, wayOf } from './config.ts';

export interface Handshakes {
  seconds: number;
  tried: number;
  /** The listener did its part: key exchange, certificate, signature. */
  answered: number;
  /** By the ticket of an earlier one. */
  resumed: number;
  /** Cut by the listener before that. */
  cut: number;
}

/** Whoever floods does not wait for ever. */
const PATIENCE_MS = 1_000;

type Flood = FloodOf<'handshakes'>;

export async function floodHandshakes(flood: Flood): Promise<Handshakes> {
  const counts: Handshakes = { seconds: 0, tried: 0, answered: 0, resumed: 0, cut: 0 };
  const hello = await recordHello();
  const began = performance.now();
  const end = began + flood.seconds * 1000;
  const pace = new TokenBucket(flood.perSecond, flood.rows, began);
  const row = async () => {
    let ticket: Buffer | undefined;
    while (performance.now() < end) {
      const waitMs = pace.take(performance.now());
      if (waitMs > 0) await delay(waitMs);
      if (flood.resume) ticket = await resume(flood, counts, ticket);
      else await sendHello(flood, counts, hello);
    }
  };
  await Promise.all(Array.from({ length: flood.rows }, row));
  counts.seconds = (performance.now() - began) / 1000;
  return counts;
}

/** Of this Node's own TLS, as it goes to the listener: hybrid key exchange and all. */
async function recordHello(): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const client = connectTls({ host: '127.0.0.1', port, servername: 'localhost', minVersion: 'TLSv1.3' });
  client.on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [Socket];
  let hello = Buffer.alloc(0);
  // The record's own length stands in its head.
  while (hello.length < 5 || hello.length < 5 + hello.readUInt16BE(3)) {
    hello = Buffer.concat([hello, (await once(socket, 'data'))[0]]);
  }
  client.destroy();
  socket.destroy();
  server.close();
  return hello;
}

function sendHello(flood: Flood, counts: Handshakes, hello: Buffer): Promise<void> {
  return new Promise((done) => {
    const socket = connectTcp({ ...wayOf(flood, counts.tried++), noDelay: true });
    const given = setTimeout(() => socket.destroy(), PATIENCE_MS);
    let isOver = false;
    socket.once('connect', () => socket.write(hello));
    socket.once('data', () => {
      isOver = true;
      counts.answered++;
      socket.destroy();
    });
    socket.on('error', () => socket.destroy());
    socket.once('end', () => {
      if (!isOver) counts.cut++;
      isOver = true;
      socket.destroy();
    });
    socket.once('close', (failed) => {
      clearTimeout(given);
      if (failed && !isOver) counts.cut++;
      done();
    });
  });
}

/** A whole handshake. @returns a ticket for the next one */
function resume(flood: Flood, counts: Handshakes, session: Buffer | undefined): Promise<Buffer | undefined> {
  return new Promise((done) => {
    let ticket = session;
    const way = wayOf(flood, counts.tried++);
    const socket = connectTls({
      ...way,
      servername: 'localhost',
      rejectUnauthorized: false,
      ...(session ? { session } : {}),
    });
    const given = setTimeout(() => socket.destroy(), PATIENCE_MS);
    socket.once('secureConnect', () => {
      counts.answered++;
      if (socket.isSessionReused()) counts.resumed++;
    });
    socket.once('session', (fresh: Buffer) => {
      ticket = fresh;
      socket.destroy();
    });
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      clearTimeout(given);
      done(ticket);
    });
  });
}
