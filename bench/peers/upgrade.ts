// WebSocket handshakes of source and sink (RFC 6455 §4), which want the bare socket behind them.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { clientTls, type TlsFiles } from '#platform/hop/tls.ts';
import { frameHeaderBytes } from './frames.ts';
import { FRAME_BYTES } from './records.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** Any sixteen bytes will do: the key defends against caches, and there are none on loopback. */
const KEY = 'AAAAAAAAAAAAAAAAAAAAAA==';
const SUITE = 'TLS_AES_256_GCM_SHA384';
const UPGRADE_MAX_MS = 5_000;

export interface Upgraded {
  socket: TLSSocket;
  /** What came behind the handshake already. */
  head: Buffer;
}

/** Answers an upgrade. */
export function acceptUpgrade(incoming: IncomingMessage, socket: TLSSocket): void {
  prepare(socket, 'unmasked');
  const accept = createHash('sha1').update(`${incoming.headers['sec-websocket-key']}${GUID}`).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
}

/** @throws Error if the relay refuses, is silent, or speaks another suite than the others */
export function dialUpgrade(files: TlsFiles, port: number, path: string): Promise<Upgraded> {
  const { promise, resolve, reject } = Promise.withResolvers<Upgraded>();
  const asking = request({
    ...clientTls(files, 'localhost'),
    host: '127.0.0.1',
    port,
    path,
    agent: false,
    timeout: UPGRADE_MAX_MS,
    headers: {
      Host: 'localhost',
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': KEY,
      'Sec-WebSocket-Protocol': 'binary',
    },
  });
  asking.once('upgrade', (_response, stream, head) => {
    const socket = stream as TLSSocket;
    socket.setTimeout(0);
    try {
      prepare(socket, 'masked');
      resolve({ socket, head });
    } catch (error) {
      socket.destroy();
      reject(error);
    }
  });
  asking.once('response', (response) => reject(new Error(`the relay answered ${response.statusCode}`)));
  asking.once('timeout', () => asking.destroy(new Error('the relay does not answer')));
  asking.on('error', reject);
  asking.end();
  return promise;
}

/** As our own ends do it: at once, and each full frame in a TLS record of its own. */
function prepare(socket: TLSSocket, framing: 'masked' | 'unmasked'): void {
  checkSuite(socket);
  socket.setNoDelay(true);
  socket.setMaxSendFragment(frameHeaderBytes(FRAME_BYTES, framing === 'masked') + FRAME_BYTES);
}

/** All legs alike, or the comparison is one of ciphers. */
function checkSuite(socket: TLSSocket): void {
  const { name } = socket.getCipher();
  if (name !== SUITE) throw new Error(`a leg speaks ${name} instead of ${SUITE}`);
}
