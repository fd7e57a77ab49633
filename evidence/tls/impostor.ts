// A TLS server in somebody else's place: shows each connection the next certificate of its list, and the last one for ever.
// It counts the bytes that a dialler sends it inside TLS: after a bad certificate there must be none.

import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { Certified } from './cases.ts';

export interface Met {
  /** Which certificate was shown. */
  readonly shown: string;
  /** Whether the handshake was completed. */
  secured: boolean;
  /** Inside TLS: what a dialler that was fooled would have sent. */
  bytes: number;
}

export interface Impostor {
  readonly port: number;
  readonly met: readonly Met[];
  /** Resolves once `count` connections have ended, at the latest after `maxMs`. */
  ended(count: number, maxMs: number): Promise<void>;
  close(): void;
}

export async function impostor(certificates: readonly (readonly [string, Certified])[]): Promise<Impostor> {
  const met: Met[] = [];
  const open = new Set<Socket>();
  const over: (() => void)[] = [];
  let endedCount = 0;
  const server = createServer((connection) => {
    const [shown, { privateKey, cert }] = certificates[Math.min(met.length, certificates.length - 1)] ?? noneLeft();
    const one: Met = { shown, secured: false, bytes: 0 };
    met.push(one);
    open.add(connection);
    connection.once('close', () => {
      open.delete(connection);
      endedCount++;
      for (const look of over) look();
    });
    connection.on('error', () => {});
    // Or this end would refuse to show a weak certificate.
    const weak = { ciphers: 'DEFAULT@SECLEVEL=0', minVersion: 'TLSv1.3' } as const;
    const secureContext = createSecureContext({ key: privateKey, cert, ...weak });
    const socket = new TLSSocket(connection, { isServer: true, secureContext });
    socket.once('secure', () => {
      one.secured = true;
    });
    socket.on('data', (chunk: Buffer) => {
      one.bytes += chunk.length;
      socket.destroy();
    });
    socket.on('error', () => connection.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    met,
    ended: (count, maxMs) =>
      new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          over.splice(over.indexOf(look), 1);
          resolve();
        };
        const look = () => endedCount >= count && done();
        const timer = setTimeout(done, maxMs);
        over.push(look);
        look();
      }),
    close() {
      server.close();
      for (const connection of open) connection.destroy();
    },
  };
}

function noneLeft(): never {
  throw new Error('an impostor without a certificate');
}
