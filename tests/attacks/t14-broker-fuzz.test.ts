// T14: nothing that a peer with a valid certificate sends, well formed or not, ends the broker or grows it.
import { connect } from 'node:tls';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientTls } from '#platform/hop/tls.ts';
import { LINK_MESSAGE_MAX_BYTES, RECORD_MAX_BYTES } from '#protocol/limits.ts';
import { DESKTOP, newSession } from '../support/broker.ts';
import { type BrokerProcess, startBrokerProcess } from '../support/broker-process.ts';

const RUNS = Number(process.env.FUZZ_RUNS ?? 40);

let broker: BrokerProcess;
beforeAll(async () => {
  broker = await startBrokerProcess();
}, 60_000);
afterAll(() => broker.close());

const side = fc.constantFrom('agent' as const, 'gateway' as const);

/** Texts: noise, JSON of any shape, and messages that are right but for one field. */
const field = fc.constantFrom('type', 'session', 'desktop', 'desktops', 'grant', 'nonce', 'lease', 'code', 'source');
const type = fc.constantFrom('presence', 'open', 'offer', 'nonce', 'lease', 'revoke', 'ended', 'anchor', 'session');
const almost = fc
  .tuple(
    fc.record(
      {
        type,
        session: fc.constantFrom(newSession(), 'x', ''),
        desktop: fc.constantFrom(DESKTOP, '', '131016/soumu'),
        desktops: fc.array(fc.constantFrom(DESKTOP, '999999/a/b'), { maxLength: 70 }),
        grant: fc.string({ maxLength: 4_000 }),
        nonce: fc.constantFrom('A'.repeat(22), 'A'),
        lease: fc.string({ maxLength: 100 }),
        code: fc.constantFrom('ENDED', 'NOT_A_CODE', '__proto__'),
        source: fc.constantFrom('agent/131016/soumu', '../x'),
        sequence: fc.oneof(fc.integer(), fc.double()),
        digest: fc.constantFrom('a'.repeat(64), ''),
      },
      { requiredKeys: ['type'] },
    ),
    field,
    fc.jsonValue({ maxDepth: 2 }),
  )
  .map(([message, key, value]) => JSON.stringify({ ...message, [key]: value }));
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.json({ maxDepth: 4 }),
  almost,
  fc.constant('['.repeat(LINK_MESSAGE_MAX_BYTES)),
  fc.constant(`{"type":"presence","desktops":[${'"x",'.repeat(2_000)}"x"]}`),
  fc.constant('x'.repeat(LINK_MESSAGE_MAX_BYTES + 1)),
  fc.constant('{"__proto__":{"type":"presence"},"constructor":1}'),
);
const message = fc.oneof(text, fc.uint8Array({ maxLength: 300 }), fc.constant(new Uint8Array(RECORD_MAX_BYTES + 1)));

describe('the broker stays up', () => {
  it.each(['/link', '/data'])(
    'whatever comes on %s',
    async (path) => {
      await fc.assert(
        fc.asyncProperty(side, fc.array(message, { minLength: 1, maxLength: 8 }), async (from, messages) => {
          const peer = await broker.dial(from, path);
          for (const one of messages) {
            if (typeof one === 'string') peer.socket.sendText(one);
            else peer.socket.sendRecord(one);
          }
          peer.socket.close('ENDED');
          await peer.ended();
          peer.socket.peer.destroy();
        }),
        { numRuns: RUNS },
      );
      await stillServes();
    },
    30_000,
  );

  it('whatever bytes come after the TLS handshake, and after an upgrade', async () => {
    const upgrade =
      'GET /link HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
    const head = fc.constantFrom('', 'GET / HTTP/1.1\r\n', 'PRI * HTTP/2.0\r\n\r\n', upgrade);
    const frame = fc.uint8Array({ maxLength: 64 });
    await fc.assert(
      fc.asyncProperty(head, frame, async (first, bytes) => {
        await new Promise<void>((resolve) => {
          const socket = connect(
            { ...clientTls(broker.pki.agent, 'localhost'), host: '127.0.0.1', port: broker.ports.agent },
            () => {
              socket.write(first);
              // In half of the runs the peer breaks off right away, in the middle of whatever it was.
              if (bytes.length % 2) socket.end(bytes);
              else socket.write(bytes, () => socket.destroy());
            },
          );
          socket.on('error', () => socket.destroy());
          socket.on('close', () => resolve());
          socket.resume();
        });
      }),
      { numRuns: RUNS },
    );
    await stillServes();
  }, 30_000);

  async function stillServes(): Promise<void> {
    const gateway = await broker.dial('gateway', '/link');
    const agent = await broker.dial('agent', '/link');
    agent.say({ type: 'presence', desktops: [DESKTOP] });
    expect(await gateway.next('presence')).toMatchObject({ desktops: [DESKTOP] });
    expect(broker.logged()).not.toMatch(/\bat .*\.ts:\d+/);
    expect(broker.memory()).toBeLessThan(300);
    for (const peer of [gateway, agent]) peer.socket.close('ENDED');
  }
});
