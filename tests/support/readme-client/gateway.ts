// docs/api.md and RFC 6238, read by somebody who has only these texts.
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { WebSocket } from 'ws';

/** What `npm start -- --json` prints, as far as a client needs it; paths of PEM files. */
export interface Access {
  gateway: string;
  ca: string;
  clientCert: string;
  clientKey: string;
  /** otpauth URI */
  totp: string;
}

export interface Opening {
  session: string;
  epoch: number;
  municipality: string;
  desktop: string;
  ticket: string;
  grant: string;
}

export class Gateway {
  readonly #url: string;
  readonly #tls: { ca: Buffer; cert: Buffer; key: Buffer };
  #cookie = '';

  private constructor(access: Access) {
    this.#url = access.gateway;
    this.#tls = {
      ca: readFileSync(access.ca),
      cert: readFileSync(access.clientCert),
      key: readFileSync(access.clientKey),
    };
  }

  static async signIn(access: Access): Promise<Gateway> {
    const gateway = new Gateway(access);
    const answer = await gateway.#post('/api/sign-in/totp', { code: oneTimeCode(access.totp, Date.now()) });
    gateway.#cookie = String(answer.headers['set-cookie']).split(';')[0] ?? '';
    return gateway;
  }

  async askToOpen(desktop: string, mode: 'open' | 'pair', helloDigest: Buffer): Promise<Opening> {
    const { body } = await this.#post('/api/desktops/open', {
      desktop,
      mode,
      hello: helloDigest.toString('base64url'),
    });
    return JSON.parse(body);
  }

  /** A WebSocket whose messages are kept until somebody asks for them. */
  async dial(): Promise<Messages> {
    const socket = new WebSocket(`${this.#url.replace(/^https/, 'wss')}/relay`, {
      ...this.#tls,
      headers: { Cookie: this.#cookie, Origin: this.#url },
    });
    return new Promise((resolve, reject) => {
      const messages = new Messages(socket);
      socket.once('open', () => resolve(messages));
      socket.once('error', reject);
    });
  }

  #post(path: string, json: object): Promise<{ body: string; headers: NodeJS.Dict<string | string[]> }> {
    const payload = JSON.stringify(json);
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(payload),
      ...(this.#cookie ? { Cookie: this.#cookie } : {}),
    };
    return new Promise((resolve, reject) => {
      const asked = request(new URL(path, this.#url), { ...this.#tls, method: 'POST', headers }, async (response) => {
        let body = '';
        for await (const part of response.setEncoding('utf8')) body += part;
        if (response.statusCode === 200) resolve({ body, headers: response.headers });
        else reject(new Error(`${path}: ${response.statusCode} ${body}`));
      });
      asked.once('error', reject);
      asked.end(payload);
    });
  }
}

/** A text or a record, as it came. */
export type Message = string | Buffer;

export class Messages {
  readonly #socket: WebSocket;
  readonly #waiting: Message[] = [];
  #wanted: { resolve(message: Message): void; reject(error: Error): void } | null = null;
  #closed: Error | null = null;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer, isBinary) => {
      const message = isBinary ? data : data.toString('utf8');
      if (this.#wanted) this.#wanted.resolve(message);
      else this.#waiting.push(message);
      this.#wanted = null;
    });
    socket.on('close', (code) => {
      this.#closed = new Error(`closed with ${code}`);
      this.#wanted?.reject(this.#closed);
    });
  }

  send(message: Message): void {
    this.#socket.send(message);
  }

  /** @throws Error once the socket is closed and nothing waits */
  next(): Promise<Message> {
    const message = this.#waiting.shift();
    if (message !== undefined) return Promise.resolve(message);
    if (this.#closed) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      this.#wanted = { resolve, reject };
    });
  }

  async nextRecord(): Promise<Buffer> {
    const message = await this.next();
    if (typeof message === 'string') throw new Error(`text where a record was due: ${message}`);
    return message;
  }

  close(): void {
    this.#socket.close();
  }
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function oneTimeCode(uri: string, now: number): string {
  const secret = new URL(uri).searchParams.get('secret') ?? '';
  const bits = [...secret].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(now / 30_000)));
  const mac = createHmac('sha1', key).update(step).digest();
  const code = (mac.readUInt32BE(mac.readUInt8(19) & 15) & 0x7fff_ffff) % 1_000_000;
  return String(code).padStart(6, '0');
}
