// A collector as a SOC has one, for tests and evidence: takes syslog over TLS (RFC 5425) from whoever shows a certificate
// of its authority, reads frames and messages strictly, and keeps them in memory.
import type { Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { SETTINGS, type TlsFiles } from '#platform/hop/tls.ts';
import { loadTls } from '#platform/hop/tls-files.ts';

export interface SyslogMessage {
  readonly priority: number;
  readonly time: string;
  readonly host: string;
  readonly program: string;
  /** MSGID */
  readonly event: string;
  /** MSG behind its BOM, bytes as they came. */
  readonly line: Buffer;
  /** Which connection it came on, counted from 1. */
  readonly connection: number;
}

export interface LabCollector {
  readonly port: number;
  /** In the order in which they came; those that were sent twice twice. */
  readonly messages: readonly SyslogMessage[];
  /** What did not keep to RFC 5424 or 5425. */
  readonly faults: readonly string[];
  readonly connections: number;
  /** Stops to read, or reads again. Connections stay. */
  pause(): void;
  resume(): void;
  /** Cuts all connections and listens no more, as a host that fails. */
  kill(): Promise<void>;
}

const FRAME_MAX_BYTES = 8_192;
const FRAME = /^([1-9][0-9]{0,4}) /;
const MESSAGE = /^<([0-9]{1,3})>1 ([0-9T:.Z-]{20,30}) ([!-~]{1,255}) ([!-~]{1,48}) - ([!-~]{1,32}) - \ufeff(.*)$/s;

/** @param port 0 for any free one of loopback */
export async function startCollector(tls: TlsFiles, port = 0): Promise<LabCollector> {
  const messages: SyslogMessage[] = [];
  const faults: string[] = [];
  /** Every one; and those whose handshake is done. */
  const sockets = new Set<Socket>();
  const accepted = new Set<TLSSocket>();
  let connections = 0;
  let paused = false;

  const server = createServer({ ...loadTls(tls).pem, ...SETTINGS, requestCert: true, rejectUnauthorized: true });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  // A client without a good certificate: the tests look at its own side.
  server.on('tlsClientError', () => {});
  server.on('secureConnection', (socket) => {
    const connection = ++connections;
    let held: Buffer = Buffer.alloc(0);
    if (paused) socket.pause();
    accepted.add(socket);
    socket.once('close', () => accepted.delete(socket));
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      for (let frame = takeFrame(held); frame; frame = takeFrame(held)) {
        held = frame.rest;
        const message = readMessage(frame.message, connection);
        if (message) messages.push(message);
        else faults.push(`not a message: ${JSON.stringify(frame.message.toString('latin1').slice(0, 200))}`);
      }
      if (held.length > FRAME_MAX_BYTES + 6) {
        faults.push('not a frame');
        socket.destroy();
      }
    });
    socket.on('end', () => {
      if (held.length > 0) faults.push(`${held.length} bytes of half a frame at an orderly end`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    messages,
    faults,
    get connections() {
      return connections;
    },
    pause() {
      paused = true;
      for (const socket of accepted) socket.pause();
    },
    resume() {
      paused = false;
      for (const socket of accepted) socket.resume();
    },
    kill() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.resetAndDestroy();
      return closed;
    },
  };
}

function takeFrame(bytes: Buffer): { message: Buffer; rest: Buffer } | null {
  const head = FRAME.exec(bytes.toString('latin1', 0, 6));
  const length = Number(head?.[1]);
  const begin = head?.[0].length ?? 0;
  if (!head || length > FRAME_MAX_BYTES || bytes.length < begin + length) return null;
  return { message: bytes.subarray(begin, begin + length), rest: bytes.subarray(begin + length) };
}

function readMessage(bytes: Buffer, connection: number): SyslogMessage | null {
  const text = bytes.toString('utf8');
  const parts = MESSAGE.exec(text);
  const [, priority = '', time = '', host = '', program = '', event = '', line = ''] = parts ?? [];
  // What is not UTF-8 would not come back as the same bytes.
  if (!parts || !Buffer.from(text, 'utf8').equals(bytes)) return null;
  return { priority: Number(priority), time, host, program, event, line: Buffer.from(line, 'utf8'), connection };
}
