// Puts pixels onto a real X desktop, over whatever windows are there: a few requests of the X11 protocol, spoken to the
// server's own socket. Whoever looks at the desktop then knows what it shows without asking any VNC code.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

/** The colour of a pixel, 0xBBGGRR. */
export type Paint = (x: number, y: number) => number;

export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const CREATE_GC = 55;
const PUT_IMAGE = 72;
const GET_INPUT_FOCUS = 43;
const ERROR = 0;
const REPLY = 1;
const SUBWINDOW_MODE = 0x8000;
const INCLUDE_INFERIORS = 1;
const Z_PIXMAP = 2;
const DEPTH = 24;
/** A request is at most 65,535 words long. */
const REQUEST_MAX_PIXELS = 60_000;

/**
 * Resolves when the server has painted.
 * @param env DISPLAY and XAUTHORITY of a server with 32 bits a pixel, blue first
 * @param paint 0xBBGGRR for each place of the area, asked for row by row
 */
export async function paintOnX(env: NodeJS.ProcessEnv, area: Area, paint: Paint): Promise<void> {
  const socket = connect(`/tmp/.X11-unix/X${env.DISPLAY?.slice(1)}`);
  const chunks = socket[Symbol.asyncIterator]();
  let buffered = Buffer.alloc(0);
  const take = async (count: number) => {
    while (buffered.length < count) {
      const { value, done } = await chunks.next();
      if (done) throw new Error('the X server closed the connection');
      buffered = Buffer.concat([buffered, value as Buffer]);
    }
    const bytes = buffered.subarray(0, count);
    buffered = buffered.subarray(count);
    return bytes;
  };
  try {
    socket.write(hello(readFileSync(env.XAUTHORITY ?? '').subarray(-16)));
    const head = await take(8);
    if (head[0] !== 1) throw new Error('the X server refused the connection');
    const setup = await take(4 * head.readUInt16LE(6));
    const gc = setup.readUInt32LE(4);
    const root = setup.readUInt32LE(32 + padded(setup.readUInt16LE(16)) + 8 * setup.readUInt8(21));
    socket.write(request(CREATE_GC, 0, words(gc, root, SUBWINDOW_MODE, INCLUDE_INFERIORS)));
    const rows = Math.floor(REQUEST_MAX_PIXELS / area.width);
    for (let row = 0; row < area.height; row += rows) {
      const part = { ...area, y: area.y + row, height: Math.min(rows, area.height - row) };
      socket.write(request(PUT_IMAGE, Z_PIXMAP, Buffer.concat([words(root, gc), imageHead(part), image(part, paint)])));
    }
    // Answered when everything before it has been done.
    socket.write(request(GET_INPUT_FOCUS, 0, Buffer.alloc(0)));
    // Events go to everybody, such as the one that tells of another keyboard.
    let [kind = ERROR] = await take(32);
    while (kind > REPLY) [kind = ERROR] = await take(32);
    if (kind === ERROR) throw new Error('the X server refused a request');
  } finally {
    socket.destroy();
  }
}

const padded = (length: number) => Math.ceil(length / 4) * 4;

function words(...values: number[]): Buffer {
  return Buffer.from(Uint32Array.from(values).buffer);
}

function hello(cookie: Buffer): Buffer {
  const name = 'MIT-MAGIC-COOKIE-1';
  const head = Buffer.from('6c000b0000000000' + '00000000', 'hex');
  head.writeUInt16LE(name.length, 6);
  head.writeUInt16LE(cookie.length, 8);
  return Buffer.concat([head, Buffer.from(name.padEnd(padded(name.length), '\0'), 'latin1'), cookie]);
}

function request(opcode: number, detail: number, body: Buffer): Buffer {
  const head = Buffer.from([opcode, detail, 0, 0]);
  head.writeUInt16LE(1 + body.length / 4, 2);
  return Buffer.concat([head, body]);
}

function imageHead({ x, y, width, height }: Area): Buffer {
  const head = Buffer.from(Uint16Array.of(width, height, x, y, 0, 0).buffer);
  head.writeUInt8(DEPTH, 9);
  return head;
}

function image({ x, y, width, height }: Area, paint: Paint): Buffer {
  const pixels = Buffer.alloc(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    const colour = paint(x + (i % width), y + Math.floor(i / width));
    pixels.writeUIntBE(colour & 0xff_ffff, 4 * i, 3);
  }
  return pixels;
}
