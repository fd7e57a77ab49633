import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLIENT_HELLO_MAX_BYTES, hasClientHello } from '#platform/hop/client-hello.ts';
import { Refusal } from '#protocol/codes.ts';

/** A handshake message of that many bytes, cut into records of `sizes`, the last one taking the rest. */
function hello(length: number, sizes: readonly number[] = [], type = 1): Buffer {
  const message = Buffer.alloc(4 + length, 0x5a);
  message.writeUInt32BE(length);
  message.writeUInt8(type);
  const records: Buffer[] = [];
  let at = 0;
  for (const size of [...sizes, message.length]) {
    const content = message.subarray(at, at + size);
    if (content.length === 0) break;
    records.push(Buffer.from([22, 3, 1, content.length >> 8, content.length & 255]), content);
    at += content.length;
  }
  return Buffer.concat(records);
}

const refused = (bytes: Uint8Array) => {
  try {
    return hasClientHello(bytes);
  } catch (error) {
    return error instanceof Refusal ? error.reason : error;
  }
};

describe('the ClientHello (T25)', () => {
  it('is whole with its last byte, in however many records it comes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4_000 }),
        fc.array(fc.integer({ min: 1, max: 1_500 }), { maxLength: 6 }),
        (length, sizes) => {
          const bytes = hello(length, sizes);
          for (const end of [0, 1, 5, 9, bytes.length >> 1, bytes.length - 1]) {
            expect(hasClientHello(bytes.subarray(0, Math.min(end, bytes.length - 1)))).toBe(false);
          }
          expect(hasClientHello(bytes)).toBe(true);
          expect(hasClientHello(Buffer.concat([bytes, Buffer.alloc(100, 20)]))).toBe(true);
        },
      ),
    );
  });

  it('is found in what a real client sends', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const client = connectTls({ port: typeof address === 'object' ? (address?.port ?? 0) : 0, host: '127.0.0.1' });
    client.on('error', () => {});
    const [socket] = (await once(server, 'connection')) as [Socket];
    let bytes = Buffer.alloc(0);
    while (!hasClientHello(bytes)) bytes = Buffer.concat([bytes, (await once(socket, 'data'))[0]]);
    expect(bytes.length).toBeGreaterThan(200);
    client.destroy();
    socket.destroy();
    server.close();
  });

  it('is nothing else: HTTP, SSH, an empty record, another message, a length beyond every hello', () => {
    for (const bytes of [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.from('SSH-2.0-x\r\n'),
      Buffer.from([22, 3, 1, 0, 0]),
      Buffer.from([22, 2, 1, 0, 8]),
      Buffer.from([23, 3, 3, 0, 8]),
      Buffer.from([22, 3, 1, 0x40, 1]),
      hello(100, [], 2),
      hello(CLIENT_HELLO_MAX_BYTES),
      Buffer.concat([hello(8_000).subarray(0, 5), Buffer.alloc(17_000, 22)]),
    ]) {
      expect(refused(bytes)).toBe('MALFORMED');
    }
  });

  it('never makes anything but true, false or MALFORMED of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, isTls) => {
        if (isTls) bytes.set([22, 3].slice(0, bytes.length));
        expect([true, false, 'MALFORMED']).toContain(refused(bytes));
      }),
    );
  });
});
