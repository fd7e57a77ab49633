// The agent's link to a broker that does what it likes, over real TLS with the certificates of the hop.
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BrokerLink } from '#agent/broker-link.ts';
import { acceptSockets } from '#platform/hop/accept.ts';
import { serverTls } from '#platform/hop/tls.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import { createLog } from '#platform/process/log.ts';
import type { ToAgent } from '#protocol/outer/link.ts';
import { type MemoryAudit, memoryAudit } from '#tests/support/broker.ts';
import { until } from '#tests/support/memory-link.ts';
import { demoPki } from '#tests/support/pki.ts';

const DESKTOPS = ['131016/soumu/pc-01', '131016/soumu/pc-02'];
const REVOKE = { type: 'revoke', session: 'a'.repeat(32), code: 'ENDED' };

/** What a hostile broker has in its hands. */
interface Accepted {
  path: string;
  socket: Socket;
  heard: string[];
}

let server: Server;
let port: number;
let accepted: Accepted[];
let connections: TLSSocket[];
let audit: MemoryAudit;
let received: ToAgent[];
let link: BrokerLink | null;
let tls: Awaited<ReturnType<typeof demoPki>>['agent'];

beforeEach(async () => {
  const pki = await demoPki();
  tls = pki.agent;
  [accepted, connections, received, link, audit] = [[], [], [], null, memoryAudit()];
  server = createServer(serverTls(pki.brokerForAgents));
  server.on('secureConnection', (socket) => connections.push(socket));
  acceptSockets(
    server,
    async (request) => (socket) => {
      const one: Accepted = { path: request.url ?? '', socket, heard: [] };
      accepted.push(one);
      socket.listen({ text: (text) => one.heard.push(text), record() {}, closed() {} });
    },
    () => {},
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  await link?.stop();
  for (const socket of connections) socket.destroy();
  server.close();
});

function dial(): BrokerLink {
  link = new BrokerLink({
    broker: { url: `wss://127.0.0.1:${port}`, serverName: 'localhost', tls },
    desktops: () => DESKTOPS,
    audit,
    log: createLog('agent', { write: () => {} }),
    received: (message) => received.push(message),
  });
  return link;
}

async function control(nth = 0): Promise<Accepted> {
  await until('a control link', () => (accepted[nth]?.heard.length ?? 0) > 0);
  return accepted[nth] as Accepted;
}

describe('the control link', () => {
  it('announces the desktops, and again after it was lost', async () => {
    const dialled = dial();
    const first = await control();
    expect(first.path).toBe('/link');
    expect(JSON.parse(first.heard[0] ?? '')).toEqual({ type: 'presence', desktops: DESKTOPS });
    expect(dialled.up).toBe(true);
    first.socket.peer.destroy();
    await until('the loss is noticed', () => !dialled.up);
    expect(JSON.parse((await control(1)).heard[0] ?? '')).toEqual({ type: 'presence', desktops: DESKTOPS });
    await until('it is audited', () => audit.of('broker-connected').length === 2);
    expect(audit.of('broker-disconnected')).toHaveLength(1);
  });

  it('writes down whose certificate it refused, and sends nothing (T11)', async () => {
    const requests: string[] = [];
    server.on('request', ({ url }) => requests.push(url ?? ''));
    server.setSecureContext(serverTls(tls));
    dial();
    await until('the refusal', () => audit.of('certificate-refused').length > 0);
    expect(audit.of('certificate-refused')[0]).toMatchObject({ kind: 'agent', reason: 'CERTIFICATE_WRONG_USAGE' });
    expect([requests, accepted]).toEqual([[], []]);
  });

  it('hands over what the closed list has', async () => {
    dial();
    (await control()).socket.sendText(JSON.stringify(REVOKE));
    await until('the revocation', () => received.length === 1);
    expect(received).toEqual([REVOKE]);
  });

  it.each<[string, (socket: Socket) => void]>([
    [
      'a message with a place for an address',
      (socket) => socket.sendText(JSON.stringify({ ...REVOKE, host: '10.0.0.1' })),
    ],
    ['a message of the agent’s own', (socket) => socket.sendText(JSON.stringify({ type: 'presence', desktops: [] }))],
    ['what is no JSON', (socket) => socket.sendText('{')],
    ['a record', (socket) => socket.sendRecord(new Uint8Array(40))],
  ])('that brings %s is closed, and nothing is done', async (_, say) => {
    const dialled = dial();
    say((await control()).socket);
    await until('it is down', () => !dialled.up);
    expect(received).toEqual([]);
    expect(audit.of('broker-disconnected')[0]).toMatchObject({ code: 'PROTOCOL_ERROR' });
  });

  it('is read at a pace: a broker cannot fill the audit log with refused offers (T03, T13)', async () => {
    dial();
    const { socket } = await control();
    const began = performance.now();
    for (let i = 0; i < 500; i++) socket.sendText(JSON.stringify(REVOKE));
    await until('the burst', () => received.length >= 40);
    await new Promise((next) => setTimeout(next, 300));
    const seconds = (performance.now() - began) / 1000;
    expect(received.length).toBeLessThanOrEqual(40 + 20 * seconds + 1);
    expect(socket.closed).toBe(false);
  });

  it('that is down swallows what is said', () => {
    dial().tell({ type: 'nonce', session: 'a'.repeat(32), nonce: 'A'.repeat(22) });
    expect(accepted).toEqual([]);
  });
});

describe('a data link', () => {
  it('is one more connection, for the agent to speak first', async () => {
    const dialled = dial();
    await control();
    const socket = await dialled.dialData();
    socket.sendText('{}');
    await until('it is heard', () => accepted.some(({ path, heard }) => path === '/data' && heard.length === 1));
    socket.close('ENDED');
  });

  it('to nobody is refused', async () => {
    const dialled = dial();
    server.close();
    for (const socket of connections) socket.destroy();
    await expect(dialled.dialData()).rejects.toThrow();
  });
});

describe('a stop', () => {
  it('ends the link, and dials no more', async () => {
    const dialled = dial();
    const { socket } = await control();
    await dialled.stop();
    expect(dialled.up).toBe(false);
    await until('the broker sees the end', () => socket.closed);
    await new Promise((next) => setTimeout(next, 600));
    expect(accepted).toHaveLength(1);
  });

  it('is done also while it dials, and while it waits to', async () => {
    await dial().stop();
    server.close();
    const waiting = dial();
    await new Promise((next) => setTimeout(next, 50));
    await waiting.stop();
    expect(waiting.up).toBe(false);
  });
});
