// A TLS server on loopback that accepts sockets, for tests of the hop itself: its certificate belongs to no kind.
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import forge from 'node-forge';
import { acceptSockets } from '#platform/hop/accept.ts';
import { type DialOptions, dialSocket } from '#platform/hop/dial.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import type { Refusal } from '#protocol/codes.ts';

const { privateKey: key, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});
const cert = selfSigned();

function selfSigned(): string {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = '01';
  certificate.validity.notBefore = new Date(Date.now() - 60_000);
  certificate.validity.notAfter = new Date(Date.now() + 3_600_000);
  const name = [{ name: 'commonName', value: 'localhost' }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true },
    { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(key), forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate);
}

export interface Hop {
  server: Server;
  url: string;
  /** Refusals of upgrades. */
  refusals: Refusal[];
  /** One WebSocket, seen from both of its ends; neither has called listen yet. */
  pair(options?: Partial<DialOptions>): Promise<{ dialled: Socket; accepted: Socket }>;
  dial(options?: Partial<DialOptions>): Promise<Socket>;
  /** The next one that is accepted, whoever dials. */
  accepted(): Promise<Socket>;
  close(): Promise<void>;
}

export const testTls = { key, cert, ca: cert, servername: 'localhost' };

/** @param decide may refuse an upgrade by throwing */
export async function openHop(decide: (path: string) => Promise<void> = async () => {}): Promise<Hop> {
  const accepted: Socket[] = [];
  const waiting: ((socket: Socket) => void)[] = [];
  const refusals: Refusal[] = [];
  const server = createServer({ key, cert });
  acceptSockets(
    server,
    async (request) => {
      await decide(request.url ?? '');
      return (socket) => {
        accepted.push(socket);
        waiting.shift()?.(socket);
      };
    },
    (refusal) => refusals.push(refusal),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `wss://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const dialled: Socket[] = [];
  const dial = async (options: Partial<DialOptions> = {}) => {
    const socket = await dialSocket(`${url}/test`, testTls, { timeoutMs: 5_000, verify() {}, ...options });
    dialled.push(socket);
    return socket;
  };
  const next = () => new Promise<Socket>((resolve) => waiting.push(resolve));
  return {
    server,
    url,
    refusals,
    dial,
    accepted: next,
    async pair(options) {
      const other = next();
      return { dialled: await dial(options), accepted: await other };
    },
    async close() {
      for (const socket of [...dialled, ...accepted]) socket.peer.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
