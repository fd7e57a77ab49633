// A small VNC server (RFC 6143) of the lab's own. It remembers which keys were pressed and which keys and buttons are down,
// so that whoever made it sees from the desktop's side what a session has done and left behind; it shows a given picture
// and answers each key at once with a changed corner, or it shows a film of noise, the most that a screen can ask of what
// is behind it.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface RecordingVnc {
  /** "unix:/…" */
  readonly address: string;
  /** keysyms of the keys that are down, and "buttons" while a button is; only a client's word changes it */
  readonly held: Set<number | 'buttons'>;
  /** keysyms, as they were pressed */
  readonly pressed: readonly number[];
  readonly connections: number;
  /** Every connection breaks, as when the server dies. */
  drop(): void;
  close(): void;
}

export interface RecordingVncOptions {
  width?: number;
  height?: number;
  /** What it shows: R, G, B, 0 for each pixel. Grey if it is left out. */
  picture?: Buffer;
  /** Every pixel is another one all the time. */
  film?: boolean;
}

/** Side of the corner that answers a key. */
export const CORNER = 32;
const FILM_FRAME_MS = 50;
/** Lengths by message type; SetEncodings (2) tells its own. */
const LENGTHS: Readonly<Record<number, number>> = { 0: 20, 3: 10, 4: 8, 5: 6, 6: 8 };

export async function startRecordingVnc(options: RecordingVncOptions = {}): Promise<RecordingVnc> {
  const { width = 320, height = 200, film = false } = options;
  const { picture = Buffer.alloc(4 * width * height, 0x88) } = options;
  const folder = mkdtempSync(join(tmpdir(), 'recording-vnc-'));
  const path = join(folder, 'vnc.sock');
  const sockets = new Set<Socket>();
  const held = new Set<number | 'buttons'>();
  const pressed: number[] = [];
  const frames = film ? [1, 2, 3].map(() => update(width, height, randomBytes(4 * width * height))) : [];

  function conversation(socket: Socket): (type: number, message: Buffer) => void {
    let wanted = false;
    let changed = false;
    let shade = 0;
    let frameNumber = 0;
    const answer = () => {
      if (!wanted || !changed) return;
      wanted = false;
      changed = false;
      shade = (shade + 40) % 256;
      socket.write(update(CORNER, CORNER, Buffer.alloc(4 * CORNER * CORNER, shade)));
    };
    return (type, message) => {
      if (type === 3 && message[1] === 0) {
        socket.write(update(width, height, picture));
      } else if (type === 3 && film) {
        const frame = frames[frameNumber++ % frames.length] as Buffer;
        void delay(FILM_FRAME_MS).then(() => socket.write(frame));
      } else if (type === 3) {
        wanted = true;
      } else if (type === 4) {
        const keysym = message.readUInt32BE(4);
        if (message[1]) {
          held.add(keysym);
          pressed.push(keysym);
        } else held.delete(keysym);
        changed ||= message[1] === 1;
      } else if (type === 5) {
        if (message[1]) held.add('buttons');
        else held.delete('buttons');
      }
      answer();
    };
  }

  async function serve(socket: Socket): Promise<void> {
    const take = taker(socket);
    const handle = conversation(socket);
    socket.write('RFB 003.008\n');
    await take(12);
    socket.write(Uint8Array.of(1, 1)); // one security type: None
    await take(1);
    socket.write(new Uint8Array(4)); // admitted
    await take(1);
    socket.write(serverInit(width, height));
    for (;;) {
      const type = (await take(1)).readUInt8();
      if (type === 2) {
        const head = await take(3);
        await take(4 * head.readUInt16BE(1));
        continue;
      }
      const length = LENGTHS[type];
      if (length === undefined) throw new Error(`a client message of type ${type}`);
      handle(type, Buffer.concat([Uint8Array.of(type), await take(length - 1)]));
    }
  }

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    serve(socket).catch(() => socket.destroy());
  });
  server.listen(path);
  await once(server, 'listening');
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    address: `unix:${path}`,
    held,
    pressed,
    get connections() {
      return sockets.size;
    },
    drop,
    close() {
      drop();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Reads exactly so many bytes; rejects at the end of the connection. */
function taker(socket: Socket): (count: number) => Promise<Buffer> {
  const chunks = socket[Symbol.asyncIterator]();
  let buffered: Buffer = Buffer.alloc(0);
  return async (count) => {
    while (buffered.length < count) {
      const { value, done } = await chunks.next();
      if (done) throw new Error('the client is gone');
      buffered = Buffer.concat([buffered, value as Buffer]);
    }
    const bytes = buffered.subarray(0, count);
    buffered = buffered.subarray(count);
    return bytes;
  };
}

function serverInit(width: number, height: number): Buffer {
  const init = Buffer.alloc(24 + 4);
  init.writeUInt16BE(width, 0);
  init.writeUInt16BE(height, 2);
  Buffer.from('2018000100ff00ff00ff000810000000', 'hex').copy(init, 4);
  init.writeUInt32BE(4, 20);
  init.write('test', 24);
  return init;
}

/** A FramebufferUpdate of one Raw rectangle in the upper left corner. */
function update(width: number, height: number, pixels: Buffer): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt16BE(1, 2);
  head.writeUInt16BE(width, 8);
  head.writeUInt16BE(height, 10);
  return Buffer.concat([head, pixels]);
}
