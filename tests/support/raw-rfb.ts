// A second look at a VNC desktop, by code that shares nothing with the project's own: one connection, security None,
// Raw only, one whole picture.
import { connect } from 'node:net';

export interface RawPicture {
  readonly width: number;
  readonly height: number;
  /** R, G, B, 255 for each pixel. */
  readonly pixels: Uint8Array;
}

export async function readRawPicture(socketPath: string): Promise<RawPicture> {
  const socket = connect(socketPath);
  const chunks = socket[Symbol.asyncIterator]();
  let buffered = Buffer.alloc(0);
  const take = async (count: number) => {
    while (buffered.length < count) {
      const { value, done } = await chunks.next();
      if (done) throw new Error('the VNC server closed the connection');
      buffered = Buffer.concat([buffered, value as Buffer]);
    }
    const bytes = buffered.subarray(0, count);
    buffered = buffered.subarray(count);
    return bytes;
  };
  try {
    await take(12);
    socket.write('RFB 003.008\n');
    await take((await take(1)).readUInt8());
    socket.write(Buffer.from([1]));
    if ((await take(4)).readUInt32BE() !== 0) throw new Error('not admitted');
    socket.write(Buffer.from([1]));
    const init = await take(24);
    await take(init.readUInt32BE(20));
    const width = init.readUInt16BE(0);
    const height = init.readUInt16BE(2);
    // 32 bits, depth 24, little endian, true colour, red at 0, green at 8, blue at 16
    socket.write(Buffer.from('00000000' + '20180001' + '00ff00ff00ff' + '000810' + '000000', 'hex'));
    // Raw, and the pointer apart, so that it is not in the picture
    socket.write(Buffer.from('02000002' + '00000000' + 'ffffff11', 'hex'));
    const request = Buffer.from('03000000000000000000', 'hex');
    request.writeUInt16BE(width, 6);
    request.writeUInt16BE(height, 8);
    return { width, height, pixels: await readPixels(take, () => socket.write(request), width, height) };
  } finally {
    socket.destroy();
  }
}

async function readPixels(
  take: (count: number) => Promise<Buffer>,
  request: () => void,
  width: number,
  height: number,
): Promise<Uint8Array> {
  const pixels = new Uint8Array(4 * width * height);
  for (let seen = 0; seen < width * height; ) {
    // The server may answer with the pointer alone, so each update is asked for
    request();
    const head = await take(4);
    if (head[0] !== 0) throw new Error(`message ${head[0]} where an update was expected`);
    for (let i = 0; i < head.readUInt16BE(2); i++) {
      const rectangle = await take(12);
      const [x, y, w, h] = [0, 2, 4, 6].map((at) => rectangle.readUInt16BE(at)) as [number, number, number, number];
      if (rectangle.readInt32BE(8) === -239) {
        await take(4 * w * h + Math.ceil(w / 8) * h);
        continue;
      }
      for (let row = 0; row < h; row++) pixels.set(await take(4 * w), 4 * ((y + row) * width + x));
      seen += w * h;
    }
  }
  for (let i = 3; i < pixels.length; i += 4) pixels[i] = 255;
  return pixels;
}
