// A contract with the ws package: what opening.ts relies on and ws does not document. A new version that behaves
// otherwise must fail here.
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { frame, Opcode } from '#platform/hop/frame.ts';
import { Opening } from '#platform/hop/opening.ts';
import { type Hop, openHop, testTls } from '#tests/support/hop.ts';

let hop: Hop;
beforeAll(async () => {
  hop = await openHop();
});
afterAll(() => hop.close());

const UPGRADE =
  'GET /test HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';

describe('after the opening handshake', () => {
  it('the socket is handed over at both ends, and nobody but us reads it', async () => {
    const handOver = vi.spyOn(Opening.prototype, 'setSocket');
    const { dialled, accepted } = await hop.pair();
    expect(handOver).toHaveBeenCalledTimes(2);
    handOver.mockRestore();
    for (const { peer } of [dialled, accepted]) {
      expect(peer.listenerCount('data')).toBe(1);
      expect(peer.listenerCount('readable')).toBe(0);
      expect(peer.timeout ?? 0).toBe(0);
      expect(peer.isPaused()).toBe(true);
    }
  });

  it('what came with the request in one TLS record is the first message', async () => {
    const accepted = hop.accepted();
    const client: TLSSocket = connect({ ...testTls, host: '127.0.0.1', port: Number(new URL(hop.url).port) }, () =>
      client.write(Buffer.concat([Buffer.from(UPGRADE), frame(Opcode.text, Buffer.from('early'), 'random', 0)])),
    );
    client.on('error', () => {});
    const socket = await accepted;
    expect(await new Promise((resolve) => socket.listen({ text: resolve, closed() {} }))).toBe('early');
    client.destroy();
  });
});
