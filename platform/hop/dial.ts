// The dialling end of a hop.
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import * as z from 'zod';
import { CODES, type Code, Refusal } from '#protocol/codes.ts';
import { OPENING_OPTIONS, Opening } from './opening.ts';
import { Socket } from './websocket.ts';

export interface DialOptions {
  /** For TLS, the request and the upgrade together. */
  timeoutMs: number;
  /** Gives the dialling up; an open socket is not touched. */
  signal?: AbortSignal;
  /**
   * Looks at the server's certificate before one byte of HTTP is sent, cookies included; throws a Refusal.
   * The chain and the name are already checked by then, the kind of the certificate is not.
   */
  verify(peer: TLSSocket): void;
  headers?: Readonly<Record<string, string>>;
  /**
   * 'zero' between our own processes: masking defends caches in the middle that read the HTTP (RFC 6455 §5.3, §10.3);
   * inside TLS 1.3 between two pinned ends there are none, and XOR is the dearest thing a relay does to a record.
   * 'random', the default, for whoever stands in for a browser.
   */
  mask?: 'random' | 'zero';
}

/** The server answered the upgrade with a refusal of ours. Not authenticated beyond the server's certificate. */
export class UpgradeRefused extends Error {
  readonly code: Code;

  constructor(code: Code) {
    super(`the other side refused: ${code}`);
    this.code = code;
  }
}

const REFUSAL_MAX_BYTES = 1_024;
const refusalBody = z.looseObject({ code: z.enum(Object.keys(CODES) as [Code, ...Code[]]) });

/**
 * Opens one WebSocket.
 * @param url wss://host:port/path
 * @param tls of clientTls: own certificate, the server's authority and CRL, server name
 * @throws what `verify` throws, UpgradeRefused, Refusal HANDSHAKE_TIMED_OUT or SHUTTING_DOWN, or the network's own Error
 */
export async function dialSocket(url: string, tls: ConnectionOptions, options: DialOptions): Promise<Socket> {
  const { hostname, port, protocol } = new URL(url);
  if (protocol !== 'wss:') throw new TypeError('only wss: is dialled');
  const host = hostname.replace(/^\[|\]$/g, '');
  const peer = connect({ ...tls, host, port: Number(port || 443), ALPNProtocols: ['http/1.1'] });
  const giveUp = (refusal: Refusal) => peer.destroy(refusal);
  const timer = setTimeout(() => giveUp(new Refusal('HANDSHAKE_TIMED_OUT', 'dialling')), options.timeoutMs);
  const stop = () => giveUp(new Refusal('SHUTTING_DOWN', 'dialling'));
  options.signal?.addEventListener('abort', stop);
  try {
    if (options.signal?.aborted) stop();
    await secured(peer);
    options.verify(peer);
    return await upgraded(url, peer, options);
  } catch (error) {
    peer.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', stop);
  }
}

function secured(peer: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    peer.once('secureConnect', resolve);
    // Stays for the life of the socket: a reset never ends the process.
    peer.on('error', reject);
    peer.once('close', () => reject(new Refusal('PEER_GONE', 'during the TLS handshake')));
  });
}

function upgraded(url: string, peer: TLSSocket, { headers, mask = 'random' }: DialOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const ws = new Opening(url, { ...OPENING_OPTIONS, headers: { ...headers }, createConnection: () => peer });
    ws.once('open', () => {
      if (ws.handedOver) resolve(new Socket(peer, mask));
      else reject(new Refusal('INTERNAL', 'ws kept the socket'));
    });
    ws.on('error', reject);
    peer.once('error', reject);
    ws.once('unexpected-response', (_request, response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body = (body + chunk).slice(0, REFUSAL_MAX_BYTES);
      });
      response.on('end', () => reject(new UpgradeRefused(codeOfBody(body) ?? 'UNAVAILABLE')));
      response.on('error', reject);
    });
  });
}

function codeOfBody(body: string): Code | null {
  try {
    return refusalBody.parse(JSON.parse(body)).code;
  } catch {
    return null;
  }
}
