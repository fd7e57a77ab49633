// Users with certificate and second factor who begin things and do not go on: WebSockets without a ticket, openings without
// a hello, junk behind the upgrade. In the end one of them behaves, and finds the desktop as usable as before.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { LoadUser } from '#bench/load/load-user.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import type { DataSocket } from '#protocol/outer/data-socket.ts';
import { endOf } from '#web/core/ends.ts';
import { askToOpen, listDesktops } from '#web/core/gateway-api.ts';
import { type FloodOf, wayOf } from './config.ts';
import { begun, type Ends, noEnds } from './ends.ts';

export interface HalfOpen {
  /** WebSockets behind certificate, cookie and origin, on which no ticket came. */
  mutes: Ends;
  /** Paired, and no hello came; what was refused is in `refused`. */
  paired: Ends;
  refused: Ends;
  /** One malformed message or frame on each. */
  junk: Ends;
  /** How long a real opening of the same desktop took afterwards, ms; null if it failed. */
  usableMs: number | null;
}

export async function beginWithoutGoingOn(flood: FloodOf<'half-open'>): Promise<HalfOpen> {
  const seen: HalfOpen = { mutes: noEnds(), paired: noEnds(), refused: noEnds(), junk: noEnds(), usableMs: null };
  const users = flood.credentials.map((folder, i) => {
    const { localAddress } = wayOf(flood, i);
    return new LoadUser(new URL(flood.gateway), folder, { localAddress });
  });
  const sockets: DataSocket[] = [];
  const dialled = async (user: LoadUser) => {
    const socket = await user.around.dial();
    sockets.push(socket);
    return socket;
  };
  for (const user of users) await user.signIn();
  await Promise.all(
    users.map(async (user) => {
      for (let i = 0; i < flood.mutes; i++) {
        const over = begun(seen.mutes);
        const socket = await dialled(user);
        socket.listen({ text() {}, record() {}, closed: over });
      }
      for (let i = 0; i < flood.openings; i++) await beginOpening(user, () => dialled(user), seen);
      for (let i = 0; i < flood.junk; i++) {
        const over = begun(seen.junk);
        const socket = (await dialled(user)) as Socket;
        socket.listen({ text() {}, record() {}, closed: over });
        socket.peer.write(JUNK[i % JUNK.length] ?? '');
      }
    }),
  );
  await delay(flood.seconds * 1000);
  const [one] = users;
  const began = performance.now();
  const opened = await one?.open().catch(() => null);
  if (opened) seen.usableMs = performance.now() - began;
  opened?.socket.close('ENDED');
  for (const socket of sockets) (socket as Socket).peer.destroy();
  for (const user of users) user.close();
  return seen;
}

/** Asks, shows the ticket, and says nothing more. */
async function beginOpening(user: LoadUser, dial: () => Promise<DataSocket>, seen: HalfOpen): Promise<void> {
  const refused = begun(seen.refused);
  try {
    const [listed] = await listDesktops(user.around.request);
    const { ticket } = await askToOpen(user.around.request, listed?.desktop ?? '', 'open', randomBytes(32));
    const socket = await dial();
    let over = refused;
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.listen({
      text() {
        seen.refused.stillOpen--;
        over = begun(seen.paired);
        resolve();
      },
      record() {},
      closed(code) {
        over(code);
        resolve();
      },
    });
    socket.sendText(JSON.stringify({ type: 'ticket', ticket }));
    await promise;
  } catch (error) {
    refused(endOf(error).code);
  }
}

/** A client's frame, masked with zeroes (RFC 6455 §5.2). */
function frame(first: number, payload: Uint8Array, claimed = payload.length): Buffer {
  const head = claimed < 126 ? [first, 0x80 | claimed] : [first, 0x80 | 127, ...longBytes(claimed)];
  return Buffer.concat([Buffer.from(head), Buffer.alloc(4), payload]);
}

const longBytes = (length: number) => [...new Uint8Array(new BigUint64Array([BigInt(length)]).buffer)].reverse();

const JUNK: readonly Buffer[] = [
  frame(0x81, Buffer.from('no JSON')),
  frame(0x81, Buffer.from('{"type":"ticket"}')),
  frame(0x81, Buffer.from([0xc3, 0x28])),
  frame(0x82, randomBytes(64)),
  frame(0xf2, randomBytes(8)),
  frame(0x8b, randomBytes(8)),
  frame(0x82, randomBytes(8), 2 ** 40),
  frame(0x89, randomBytes(126), 126),
  Buffer.from([0x82, 0x02, 0x00, 0x00]),
  frame(0x00, randomBytes(8)),
  randomBytes(512),
];
