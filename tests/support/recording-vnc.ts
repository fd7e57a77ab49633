// A small VNC server (RFC 6143) of the test's own: it shows one grey, and remembers which keys and buttons are down, so
// that a test can see from the desktop's side what a session that ended has left behind.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RecordingVnc {
  /** "unix:/…" */
  readonly address: string;
  /** keysyms of the keys that are down, and "buttons" while a button is; only a client's word changes it */
  readonly held: Set<number | 'buttons'>;
  /** Messages of every client so far, by type. */
  readonly types: ReadonlyMap<number, number>;
  readonly connections: number;
  /** Every connection breaks, as when the server dies. */
  drop(): void;
  close(): void;
}

const WIDTH = 320;
const HEIGHT = 200;
/** Lengths by message type; SetEncodings (2) tells its own. */
const LENGTHS: Readonly<Record<number, number>> = { 0: 20, 3: 10, 4: 8, 5: 6, 6: 8 };

export async function startRecordingVnc(): Promise<RecordingVnc> {
  const folder = mkdtempSync(join(tmpdir(), 'recording-vnc-'));
  const path = join(folder, 'vnc.sock');
  const sockets = new Set<Socket>();
  const held = new Set<number | 'buttons'>();
  const types = new Map<number, number>();

  function handle(socket: Socket, type: number, message: Buffer): void {
    types.set(type, (types.get(type) ?? 0) + 1);
    const wholeScreenWanted = type === 3 && message[1] === 0;
    if (wholeScreenWanted) socket.write(picture());
    if (type === 4) {
      const keysym = message.readUInt32BE(4);
      if (message[1]) held.add(keysym);
      else held.delete(keysym);
    }
    if (type === 5 && message[1]) held.add('buttons');
    if (type === 5 && !message[1]) held.delete('buttons');
  }

  async function serve(socket: Socket): Promise<void> {
    const take = taker(socket);
    socket.write('RFB 003.008\n');
    await take(12);
    socket.write(Uint8Array.of(1, 1)); // one security type: None
    await take(1);
    socket.write(new Uint8Array(4)); // admitted
    await take(1);
    socket.write(serverInit());
    for (;;) {
      const type = (await take(1)).readUInt8();
      if (type === 2) {
        const head = await take(3);
        handle(socket, type, await take(4 * head.readUInt16BE(1)));
        continue;
      }
      const length = LENGTHS[type];
      if (length === undefined) throw new Error(`a client message of type ${type}`);
      handle(socket, type, Buffer.concat([Uint8Array.of(type), await take(length - 1)]));
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
    types,
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

function serverInit(): Buffer {
  const init = Buffer.alloc(24 + 4);
  init.writeUInt16BE(WIDTH, 0);
  init.writeUInt16BE(HEIGHT, 2);
  Buffer.from('2018000100ff00ff00ff000810000000', 'hex').copy(init, 4);
  init.writeUInt32BE(4, 20);
  init.write('test', 24);
  return init;
}

/** A FramebufferUpdate of one Raw rectangle, the whole screen. */
function picture(): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt16BE(1, 2);
  head.writeUInt16BE(WIDTH, 8);
  head.writeUInt16BE(HEIGHT, 10);
  return Buffer.concat([head, Buffer.alloc(4 * WIDTH * HEIGHT, 0x88)]);
}
