// Shows a certificate to a listener and asks it for something, trusting whatever it shows itself: only it decides here.
import { connect } from 'node:tls';

export interface Shown {
  /** PEM; the certificate with whatever chain is to be sent along. Left out: none is shown. */
  readonly privateKey?: string;
  readonly cert?: string;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Answered {
  /** null: the connection ended without an answer, for `error`. */
  readonly status: number | null;
  /** Of our own refusals. */
  readonly code: string | null;
  readonly error: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

const ANSWER_MAX_MS = 10_000;
const ANSWER_MAX_BYTES = 65_536;

/** @param from a loopback address, by which the listener's audit log tells one try from another */
export function show(port: number, { privateKey, cert }: Shown, asked: Asked, from = '127.0.0.1'): Promise<Answered> {
  return new Promise((resolve) => {
    const socket = connect({
      ...{ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false, localAddress: from },
      // Or this end would refuse to show a weak certificate.
      ciphers: 'DEFAULT@SECLEVEL=0',
      minVersion: 'TLSv1.3',
      ...(privateKey && cert ? { key: privateKey, cert } : {}),
    });
    let text = '';
    const end = (error: string | null) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ ...parse(text), error });
    };
    const timer = setTimeout(() => end('no answer in time'), ANSWER_MAX_MS);
    socket.setEncoding('utf8');
    socket.once('secureConnect', () => socket.write(requestOf(port, asked)));
    socket.on('data', (chunk: string) => {
      text = (text + chunk).slice(0, ANSWER_MAX_BYTES);
      if (isWhole(text)) end(null);
    });
    socket.once('error', ({ message }) => end(message));
    socket.once('close', () => end(text === '' ? 'closed without an answer' : null));
  });
}

/** What a browser's WebSocket asks (RFC 6455 §4.1). */
export const upgradeTo = (path: string, headers: Readonly<Record<string, string>> = {}): Asked => ({
  method: 'GET',
  path,
  headers: {
    ...{ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
    'sec-websocket-key': Buffer.alloc(16, 7).toString('base64'),
    ...headers,
  },
});

function requestOf(port: number, { method, path, headers = {}, body }: Asked): string {
  const content = body === undefined ? '' : JSON.stringify(body);
  const all = {
    host: `localhost:${port}`,
    connection: 'close',
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(content)) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${content}`;
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /^content-length: (\d+)/im.exec(text.slice(0, end))?.[1];
  return length === undefined
    ? /^HTTP\/1\.1 (?:101|204)/.test(text)
    : Buffer.byteLength(text.slice(end + 4)) >= Number(length);
}

function parse(text: string): Omit<Answered, 'error'> {
  const [head = '', body = ''] = text.split('\r\n\r\n', 2);
  const [first = '', ...lines] = head.split('\r\n');
  const status = /^HTTP\/1\.1 (\d{3})/.exec(first)?.[1];
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const code = /^\{"code":"([A-Z_]+)"/.exec(body)?.[1] ?? null;
  return { status: status === undefined ? null : Number(status), code, headers, text: body };
}
