// Whoever sits on the wire of a hop: with a TLS server of the attacker's own, or with nothing but the bytes.

import type { AddressInfo } from 'node:net';
import { connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';

export interface Impostor {
  port: number;
  /** Everything that came out of TLS: what a dialler said to the impostor. */
  heard(): string;
  /** TLS handshakes that the dialler took part in to the end. */
  shaken: number;
  close(): void;
}

/** Ends TLS in the place of the true server, and would pass it all on. */
export async function impostor(tls: TlsOptions): Promise<Impostor> {
  const sockets = new Set<TLSSocket>();
  let heard = '';
  const server = createTlsServer({ requestCert: true, rejectUnauthorized: false, ...tls }, (socket) => {
    own.shaken++;
    sockets.add(socket);
    socket.on('data', (data) => (heard += data.toString('latin1'))).on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  const port = await listening(server);
  const own: Impostor = {
    port,
    heard: () => heard,
    shaken: 0,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
  return own;
}

export interface Wire {
  port: number;
  /** Every byte that went by, in either direction. */
  seen(): Buffer;
  /** Turns one bit of the next chunk in this direction. */
  flipNext(direction: 'out' | 'back'): void;
  /** How many bits were turned. */
  flips: number;
  close(): void;
}

/** Passes bytes on to `port` of this machine; out is from the dialler to the listener. */
export async function wireTo(port: number): Promise<Wire> {
  const chunks: Buffer[] = [];
  const flipping = new Set<'out' | 'back'>();
  const sockets = new Set<Socket>();
  const server = createTcpServer((dialler) => {
    const listener = connect(port, '127.0.0.1');
    const pass = (from: Socket, to: Socket, direction: 'out' | 'back') => {
      sockets.add(from);
      from.on('data', (chunk: Buffer) => {
        chunks.push(Buffer.from(chunk));
        // In the middle of a TLS record's ciphertext: header 5 bytes, tag the last 16
        if (flipping.delete(direction)) {
          const at = Math.floor(chunk.length / 2);
          chunk.writeUInt8(chunk.readUInt8(at) ^ 1, at);
          wire.flips++;
        }
        to.write(chunk);
      });
      from.on('end', () => to.end()).on('close', () => to.destroy());
      from.on('error', () => to.destroy());
    };
    pass(dialler, listener, 'out');
    pass(listener, dialler, 'back');
  });
  const wire: Wire = {
    port: await listening(server),
    seen: () => Buffer.concat(chunks),
    flipNext: (direction) => void flipping.add(direction),
    flips: 0,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
  return wire;
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
