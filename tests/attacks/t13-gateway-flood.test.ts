// T13: peers that are slow, many, or in a hurry, before and after they are known.
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientTls } from '#platform/hop/tls.ts';
import { openGateway, type TestGateway, trusting } from '#tests/support/gateway.ts';

const PER_ADDRESS = 20;
let test: TestGateway;

beforeAll(async () => {
  test = await openGateway({ edge: { connectionsPerAddress: PER_ADDRESS } });
}, 60_000);
afterAll(() => test.close());

const healthy = async () => (await test.ask(test.pki.users.tanaka, '/healthz')).status;

describe('T13: connections', () => {
  it('above the limit of one address are cut before TLS, and the rest serve on', async () => {
    const sockets: Socket[] = [];
    const cut: Promise<unknown>[] = [];
    for (let i = 0; i < PER_ADDRESS + 15; i++) {
      const socket = connectTcp(test.gateway.port, '127.0.0.1').on('error', () => {});
      sockets.push(socket);
      await once(socket, 'connect');
      if (i >= PER_ADDRESS) cut.push(once(socket, 'close'));
    }
    for (const socket of sockets) socket.resume();
    await Promise.all(cut);
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => healthy().catch(() => 0)).toBe(200);
  });

  it('that say nothing or drip their header do not stay', { timeout: 30_000 }, async () => {
    const tls = { ...clientTls(test.pki.users.tanaka, 'localhost'), port: test.gateway.port, host: '127.0.0.1' };
    const slow = connectTls(tls);
    await once(slow, 'secureConnect');
    slow.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n');
    const drip = setInterval(() => slow.write('X-A: b\r\n'), 500);
    slow.on('error', () => {}).resume();
    expect(await healthy()).toBe(200);
    await once(slow, 'close');
    clearInterval(drip);
    expect(await healthy()).toBe(200);
  });

  it('whose header is too large are refused', async () => {
    const headers = { 'x-long': 'x'.repeat(10_000) };
    const answer = await test.ask(test.pki.users.tanaka, '/healthz', { headers }).catch(() => null);
    expect(answer === null || answer.status === 431).toBe(true);
  });

  it('that speak no HTTP, or no TLS, harm nobody', async () => {
    const garbage = connectTls({ ...trusting(test.pki), port: test.gateway.port, host: '127.0.0.1' });
    garbage.on('error', () => {}).resume();
    await once(garbage, 'secureConnect');
    garbage.write(Buffer.alloc(4_096, 0xff));
    await once(garbage, 'close');
    const plain = connectTcp(test.gateway.port, '127.0.0.1').on('error', () => {});
    plain.resume().write('GET / HTTP/1.0\r\n\r\n');
    await once(plain, 'close');
    expect(await healthy()).toBe(200);
  });

  it('that ask for a tunnel are refused', async () => {
    const socket = connectTls({
      ...clientTls(test.pki.users.tanaka, 'localhost'),
      port: test.gateway.port,
      host: '127.0.0.1',
    });
    await once(socket, 'secureConnect');
    socket.write('CONNECT 10.0.0.1:3389 HTTP/1.1\r\nHost: 10.0.0.1:3389\r\n\r\n');
    const [data] = await once(socket, 'data');
    expect(String(data)).toMatch(/^HTTP\/1\.1 404 /);
    await once(socket, 'close');
    expect(test.audit.of('bypass-attempt').at(-1)).toMatchObject({ reason: 'ROUTE_UNKNOWN', detail: 'CONNECT' });
  });
});

describe('T13: strangers', () => {
  it('cannot fill the audit log by knocking', async () => {
    const before = test.audit.of('certificate-refused').length;
    const began = performance.now();
    for (let i = 0; i < 12; i++) {
      await Promise.all(Array.from({ length: 10 }, () => test.ask(null, '/')));
    }
    const seconds = Math.ceil((performance.now() - began) / 1000);
    const written = test.audit.of('certificate-refused').length - before;
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThanOrEqual(20 * (seconds + 1));
  });
});

describe('T13: requests of one certificate', () => {
  it('are refused above the rate, without harm to another', async () => {
    const ask = () => test.ask(test.pki.users.tanaka, '/healthz').then(({ status }) => status);
    // However slow this machine is: as many at once as the burst and the refill of the time they take.
    const statuses = new Set<number>();
    for (let i = 0; i < 20 && !statuses.has(429); i++) {
      for (const status of await Promise.all(Array.from({ length: 40 }, ask))) statuses.add(status);
    }
    expect([...statuses].sort()).toEqual([200, 429]);
    expect((await test.ask(test.pki.users.suzuki, '/healthz')).status).toBe(200);
  });
});
