// TLS handshakes without a certificate, as fast as told. Each costs the listener a signature, or, with a ticket, a lookup.
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import { TokenBucket } from '#protocol/token-bucket.ts';
import { type FloodOf, wayOf } from './config.ts';

export interface Handshakes {
  seconds: number;
  tried: number;
  /** Whose handshake was completed. */
  secured: number;
  /** By the ticket of an earlier one. */
  resumed: number;
  /** Cut by the listener before that. */
  cut: number;
}

export async function floodHandshakes(flood: FloodOf<'handshakes'>): Promise<Handshakes> {
  const counts: Handshakes = { seconds: 0, tried: 0, secured: 0, resumed: 0, cut: 0 };
  const began = performance.now();
  const end = began + flood.seconds * 1000;
  const pace = new TokenBucket(flood.perSecond, flood.rows, began);
  const row = async () => {
    let session: Buffer | undefined;
    while (performance.now() < end) {
      const waitMs = pace.take(performance.now());
      if (waitMs > 0) await delay(waitMs);
      session = await handshake(flood, counts, flood.resume ? session : undefined, end);
    }
  };
  await Promise.all(Array.from({ length: flood.rows }, row));
  counts.seconds = (performance.now() - began) / 1000;
  return counts;
}

/** @returns a ticket of it, if there was one */
function handshake(
  flood: FloodOf<'handshakes'>,
  counts: Handshakes,
  session: Buffer | undefined,
  endAt: number,
): Promise<Buffer | undefined> {
  return new Promise((done) => {
    let ticket = session;
    const socket = connect({
      ...wayOf(flood, counts.tried++),
      servername: 'localhost',
      rejectUnauthorized: false,
      ...(session ? { session } : {}),
    });
    const late = setTimeout(() => socket.destroy(), Math.max(0, endAt - performance.now()));
    let isSecured = false;
    socket.once('secureConnect', () => {
      isSecured = true;
      counts.secured++;
      if (socket.isSessionReused()) counts.resumed++;
      // The first ticket comes right behind; who floods without resuming need not wait for it.
      if (!flood.resume) socket.destroy();
    });
    socket.once('session', (given: Buffer) => {
      ticket = given;
      socket.destroy();
    });
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      clearTimeout(late);
      if (!isSecured && performance.now() < endAt) counts.cut++;
      done(ticket);
    });
  });
}
