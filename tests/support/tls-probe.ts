// A listener that answers who it takes the peer for, and a client that asks it.
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { RevocationList } from '#platform/hop/revocation.ts';
import { reloadOnChange, serverTls, type TlsFiles, verifyPeer } from '#platform/hop/tls.ts';
import { Refusal } from '#protocol/codes.ts';
import type { CertificateKind } from '#protocol/names.ts';

export interface Listener {
  server: Server;
  port: number;
  close(): void;
}

/**
 * Answers each request with the peer's identity URI or the reason of the refusal.
 * @param changed hears of each list that is taken over later than the first
 */
export async function listenAs(
  files: TlsFiles,
  kind: CertificateKind,
  { watch = true, changed = () => {} }: { watch?: boolean; changed?: (list: RevocationList) => void } = {},
): Promise<Listener> {
  const server = createServer(serverTls(files), (request, response) =>
    response.end(whoIs(request.socket as TLSSocket, kind, 'client')),
  );
  let first = true;
  const told = (list: RevocationList | null) => {
    if (!first && list) changed(list);
    first = false;
  };
  const unwatch = watch ? reloadOnChange(server, files, told) : () => {};
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    server,
    port: (server.address() as AddressInfo).port,
    close() {
      unwatch();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** "kind:municipality:name" or the reason. */
export function whoIs(socket: TLSSocket, kind: CertificateKind, role: 'client' | 'server'): string {
  try {
    const peer = verifyPeer(socket, { kind, role });
    return `${peer.kind}:${peer.municipality}:${peer.name}`;
  } catch (error) {
    if (error instanceof Refusal) return error.reason;
    throw error;
  }
}

/** Opens a connection that trusts anybody, so that only the listener decides. */
export function connectTo(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false, ...options });
    socket.once('secureConnect', () => resolve(socket)).once('error', reject);
  });
}

/** Sends one request on the connection and keeps it open. @returns the body of the answer */
export function askOn(socket: TLSSocket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const read = (chunk: Buffer) => {
      text += chunk;
      const [head = '', body = ''] = text.split('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
      if (body.length < length || Number.isNaN(length)) return;
      socket.off('data', read).off('error', reject);
      resolve(body);
    };
    socket.on('data', read).once('error', reject);
    socket.once('close', () => reject(new Error('closed without an answer')));
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  });
}

/** Connects, asks once, closes. */
export async function ask(port: number, options: ConnectionOptions): Promise<string> {
  const socket = await connectTo(port, options);
  try {
    return await askOn(socket);
  } finally {
    socket.destroy();
  }
}
