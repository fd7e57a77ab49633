// T25: load on the edge. Strangers who are many, in a hurry or slow, at each of the five listeners; peers who shout. Whoever is in
// works on, whoever comes alone gets in, and the audit log says what happened without being filled by it. Under real load the
// same is shown by the evidence run. On loopback every address of 127.0.0.0/8 is this machine's.
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientTls, type TlsFiles } from '#platform/hop/tls.ts';
import { bothEnds } from '#tests/support/both-ends.ts';
import { openBroker, type TestBroker } from '#tests/support/broker.ts';
import { openGateway, type TestGateway, trusting } from '#tests/support/gateway.ts';
import { type DemoPki, demoPki } from '#tests/support/pki.ts';

const EDGE = {
  connectionsPerAddress: 12,
  unestablished: 30,
  connectionsPerSecondPerAddress: 6,
  handshakesPerSecond: 60,
};

let pki: DemoPki;
let gateway: TestGateway;
let broker: TestBroker;
const sockets = new Set<Socket>();

beforeAll(async () => {
  pki = await demoPki();
  gateway = await openGateway({ pki, edge: EDGE, administration: { tls: pki.administration } });
  broker = await openBroker(pki, { edge: EDGE });
}, 60_000);
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await gateway.close();
  await broker.close();
});

const LISTENERS = {
  'the users’': () => gateway.gateway.port,
  'the enrolment': () => gateway.gateway.enrolmentPort ?? 0,
  'the administrators’': () => gateway.gateway.administrationPort ?? 0,
  'the broker’s for gateways': () => broker.broker.gatewayPort,
  'the broker’s for agents': () => broker.broker.agentPort,
};

const kept = <S extends Socket>(socket: S): S => {
  sockets.add(socket);
  socket.on('error', () => {});
  socket.once('close', () => sockets.delete(socket));
  return socket;
};
const tcp = (port: number, localAddress: string) => kept(connectTcp({ host: '127.0.0.1', port, localAddress }));
const tls = (port: number, localAddress: string, files?: TlsFiles) => {
  const own = files ? clientTls(files, 'localhost') : trusting(pki);
  return kept(connectTls({ ...own, rejectUnauthorized: false, ...{ host: '127.0.0.1', port, localAddress } }));
};
const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()).resume());
const secured = (socket: TLSSocket) => once(socket, 'secureConnect');

/** The status of one request, on a connection of its own or one that stands. */
async function status(socket: TLSSocket, path = '/healthz'): Promise<number> {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  const [data] = await once(socket, 'data');
  return Number(/^HTTP\/1\.1 (\d+)/.exec(String(data))?.[1]);
}

describe.each(Object.entries(LISTENERS))('T25: at %s listener', (_, portOf) => {
  it('one address has so many connections and no more, and another is served all the same', async () => {
    const port = portOf();
    const cut: Socket[] = [];
    const own: Socket[] = [];
    for (let i = 0; i < 2 * EDGE.connectionsPerAddress; i++) {
      const socket = tcp(port, '127.25.0.1');
      own.push(socket);
      socket.once('close', () => cut.push(socket)).resume();
    }
    await expect.poll(() => cut.length).toBeGreaterThanOrEqual(EDGE.connectionsPerAddress);
    await secured(tls(port, '127.25.0.2'));
    for (const socket of own) socket.destroy();
  });

  it('a crowd of silent strangers keeps nobody out who comes alone', async () => {
    const port = portOf();
    const crowd = Array.from({ length: 40 }, (_, i) => tcp(port, `127.25.1.${(i % 4) + 1}`));
    let cut = 0;
    for (const socket of crowd) socket.once('close', () => cut++).resume();
    await expect.poll(() => cut).toBeGreaterThanOrEqual(40 - EDGE.unestablished);
    await secured(tls(port, '127.25.1.200'));
    for (const socket of crowd) socket.destroy();
  });

  it('handshakes that are asked for all at once are made one after the other, in turn with other addresses', async () => {
    const port = portOf();
    let made = 0;
    const began = performance.now();
    const flood = Array.from({ length: 30 }, (_, i) => tls(port, `127.25.2.${(i % 3) + 1}`));
    for (const socket of flood) socket.once('secureConnect', () => made++);
    await secured(tls(port, '127.25.2.200'));
    const seconds = (performance.now() - began) / 1000;
    expect(made).toBeLessThanOrEqual(EDGE.handshakesPerSecond * (seconds + 0.1) + 4);
    for (const socket of flood) socket.destroy();
  });

  it('who speaks no TLS, or speaks it byte by byte, is cut', async () => {
    const port = portOf();
    const plain = tcp(port, '127.25.3.1');
    plain.write('GET / HTTP/1.1\r\n\r\n');
    const slow = tcp(port, '127.25.3.2').setNoDelay();
    await once(slow, 'connect');
    const drip = setInterval(() => slow.write(Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252]).subarray(0, 1)), 2);
    await Promise.all([closed(plain), closed(slow)]);
    clearInterval(drip);
  });
});

describe('T25: who is in', () => {
  it('stays while strangers crowd each other out', async () => {
    const port = gateway.gateway.port;
    const user = tls(port, '127.25.4.1', pki.users.tanaka);
    await secured(user);
    expect(await status(user)).toBe(200);
    const crowd = Array.from({ length: 60 }, (_, i) => tcp(port, `127.25.4.${(i % 8) + 10}`));
    let cut = 0;
    for (const socket of crowd) socket.once('close', () => cut++).resume();
    await expect.poll(() => cut).toBeGreaterThanOrEqual(30);
    expect(await status(user)).toBe(200);
    for (const socket of crowd) socket.destroy();
  });

  it('is no stranger: a refused one loses the connection, so that each try costs another', async () => {
    const port = gateway.gateway.port;
    const stranger = tls(port, '127.25.5.1');
    await secured(stranger);
    const gone = closed(stranger);
    expect(await status(stranger)).toBe(403);
    await gone;
  });

  it('cannot pack a thousand requests into one chunk either', async () => {
    const user = tls(gateway.gateway.port, '127.25.6.1', pki.users.suzuki);
    await secured(user);
    let answers = 0;
    user.on('data', (data) => {
      answers += String(data).split('HTTP/1.1 ').length - 1;
    });
    user.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(1_000));
    await closed(user);
    expect(answers).toBeLessThanOrEqual(1);
  });
});

describe('T25: the audit log', () => {
  it('tells of what was cut at the edge, at both relays, and counts the rest', async () => {
    for (const audit of [gateway.audit, broker.audit]) {
      const events = audit.of('connection-refused');
      expect(events.map(({ reason }) => reason)).toEqual(expect.arrayContaining(['CONNECTIONS_EXCEEDED', 'MALFORMED']));
      // Of each listener and reason 5, and one in 5 s: some 200 were cut at each.
      expect(events.length).toBeLessThanOrEqual(3 * 4 * 8);
    }
    expect(new Set(gateway.audit.of('connection-refused').map(({ listener }) => listener))).toEqual(
      new Set(['user', 'enrolment', 'admin']),
    );
  });

  it('is not filled by strangers at the broker', async () => {
    const written = () => broker.audit.of('certificate-refused').length;
    const before = written();
    const began = performance.now();
    const knock = async (_: unknown, i: number) => {
      const socket = tls(broker.broker.agentPort, `127.25.7.${i + 1}`);
      await secured(socket);
      return status(socket, '/link');
    };
    for (let i = 0; i < 4; i++) {
      const statuses = await Promise.all(Array.from({ length: 20 }, knock));
      expect(new Set(statuses)).toEqual(new Set([403]));
    }
    const seconds = (performance.now() - began) / 1000;
    expect(written() - before).toBeGreaterThan(0);
    expect(written() - before).toBeLessThanOrEqual(20 + 20 * Math.ceil(seconds));
  });

  it('is not filled by a broker that offers without a pause; the agent answers each offer, and writes some', async () => {
    const { sessions, told, audit } = await bothEnds();
    for (let i = 0; i < 500; i++) await sessions.offer(i.toString(16).padStart(32, '0'), `a.${i}.b`);
    expect(told.filter(({ type }) => type === 'ended').length).toBe(500);
    expect(audit.events.filter(({ event }) => event === 'offer-refused').length).toBe(60);
  });
});
