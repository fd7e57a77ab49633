// T08: nobody reaches an address of their choice through the broker. No message has a place for one, no request is
// proxied, and the broker's code holds nothing that dials.

import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusalBody } from '#platform/hop/refusal-body.ts';
import { clientTls, type TlsFiles } from '#platform/hop/tls.ts';
import { Refusal } from '#protocol/codes.ts';
import { parseFromAgent, parseFromGateway, parseToAgent, parseToGateway } from '#protocol/outer/link.ts';
import { parsePairedMessage, parseSessionMessage, parseTicketMessage } from '#protocol/outer/ticket.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { DESKTOP, newSession, openBroker, type TestBroker } from '../support/broker.ts';
import { graphOf, readSources } from '../support/import-graph.ts';

const session = 'a'.repeat(32);
const nonce = 'A'.repeat(22);
const anchor = { type: 'anchor', source: 'broker', sequence: 1, digest: 'b'.repeat(64) };
const presence = { type: 'presence', desktops: [DESKTOP] };
const lease = { type: 'lease', session, lease: 'jws' };
const revoke = { type: 'revoke', session, code: 'ENDED' };
const ended = { type: 'ended', session, code: 'ENDED' };

/** Every message of every link, in a form that is accepted. */
const MESSAGES: readonly (readonly [string, (text: string) => unknown, readonly object[]])[] = [
  ['agent → broker', parseFromAgent, [presence, { type: 'nonce', session, nonce }, ended, anchor]],
  ['broker → agent', parseToAgent, [{ type: 'offer', session, grant: 'jws' }, lease, revoke, anchor]],
  [
    'gateway → broker',
    parseFromGateway,
    [{ type: 'open', session, desktop: DESKTOP, grant: 'jws' }, lease, revoke, anchor],
  ],
  [
    'broker → gateway',
    parseToGateway,
    [{ ...presence, agent: '131016/soumu' }, { type: 'nonce', session, nonce }, ended, anchor],
  ],
  ['data link', parseSessionMessage, [{ type: 'session', session }]],
  ['paired', parsePairedMessage, [{ type: 'paired', session }]],
  ['ticket', parseTicketMessage, [{ type: 'ticket', ticket: 'A'.repeat(43) }]],
];

const FIELDS = ['host', 'port', 'address', 'ip', 'url', 'uri', 'target', 'to', 'path', 'endpoint', 'proxy', 'via'];
const ADDRESSES = ['10.0.0.1:5901', 'http://10.0.0.1/', '//10.0.0.1/x/y', 'unix:/run/x.sock', '[::1]:22', '../../etc'];

const refused = (parse: (text: string) => unknown, message: object) => {
  try {
    parse(JSON.stringify(message));
  } catch (error) {
    return error instanceof Refusal ? error.reason : String(error);
  }
  return 'accepted';
};

describe('messages', () => {
  it.each(MESSAGES)('%s: none takes a field that could hold an address', (_, parse, messages) => {
    for (const message of messages) {
      expect(refused(parse, message)).toBe('accepted');
      for (const field of FIELDS) expect(refused(parse, { ...message, [field]: '10.0.0.1' })).toBe('MALFORMED');
    }
  });

  it('a desktop, a session, an agent and an audit log are names, never addresses', () => {
    for (const address of ADDRESSES) {
      for (const field of ['session', 'desktop']) {
        const open = { type: 'open', session, desktop: DESKTOP, grant: 'jws', [field]: address };
        expect(refused(parseFromGateway, open)).toBe('MALFORMED');
      }
      expect(refused(parseFromAgent, { type: 'presence', desktops: [address] })).toBe('MALFORMED');
      expect(refused(parseToGateway, { ...presence, agent: address })).toBe('MALFORMED');
      for (const parse of [parseFromAgent, parseToAgent, parseFromGateway, parseToGateway]) {
        expect(refused(parse, { ...anchor, source: address })).toBe('MALFORMED');
      }
    }
  });
});

describe('the broker', () => {
  let test: TestBroker;
  beforeAll(async () => {
    test = await openBroker();
  }, 60_000);
  afterAll(() => test.close());

  /** One request with a valid certificate. @returns status line and body */
  function ask(port: number, tls: TlsFiles, request: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect({ ...clientTls(tls, 'localhost'), host: '127.0.0.1', port });
      let answer = '';
      socket.setEncoding('utf8');
      socket.on('data', (chunk: string) => {
        answer += chunk;
      });
      socket.on('close', () => resolve(answer));
      socket.on('error', reject);
      socket.write(request);
    });
  }

  const upgrade =
    'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';

  it.each([
    ['CONNECT', 'CONNECT 10.0.0.1:5901 HTTP/1.1\r\nHost: 10.0.0.1:5901\r\n\r\n'],
    ['an absolute URI', 'GET http://10.0.0.1/ HTTP/1.1\r\nHost: 10.0.0.1\r\nConnection: close\r\n\r\n'],
    ['an absolute URI to upgrade at', `GET http://10.0.0.1/link HTTP/1.1\r\nHost: 10.0.0.1\r\n${upgrade}\r\n`],
    ['a query on a path', `GET /data?to=10.0.0.1:5901 HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`],
    ['a path below a path', `GET /link/10.0.0.1 HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`],
    [
      'another protocol to upgrade to',
      'GET /proxy HTTP/1.1\r\nHost: x\r\nUpgrade: connect-udp\r\nConnection: Upgrade\r\n\r\n',
    ],
  ])('refuses %s on both listeners', async (_, request) => {
    for (const [port, tls] of [
      [test.broker.agentPort, test.pki.agent],
      [test.broker.gatewayPort, test.pki.gatewayToBroker],
    ] as const) {
      const answer = await ask(port, tls, request);
      expect(answer).toMatch(/^HTTP\/1\.1 404 /);
      expect(answer).toContain(refusalBody('NOT_FOUND'));
    }
  });

  it('closes the link of an agent and of a gateway that name an address', async () => {
    const agent = await test.agentLink();
    const gateway = await test.gatewayLink();
    await gateway.next('presence');
    agent.socket.sendText(JSON.stringify({ type: 'presence', desktops: [DESKTOP], host: '10.0.0.1' }));
    expect(await agent.ended()).toBe('PROTOCOL_ERROR');
    const open = { type: 'open', session: newSession(), desktop: DESKTOP, grant: 'g', port: 5901 };
    gateway.socket.sendText(JSON.stringify(open));
    expect(await gateway.ended()).toBe('PROTOCOL_ERROR');
    expect(test.audit.of('agent-disconnected')[0]).toMatchObject({ reason: 'MALFORMED' });
    expect(test.audit.of('gateway-disconnected')[0]).toMatchObject({ reason: 'MALFORMED' });
  });

  it('holds no code that could open a connection, but to the collector of its own configuration', () => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const graph = graphOf(readSources(root), packageJson.imports);
    const reached = new Set<string>();
    const visit = (path: string) => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const file of graph.get(path)?.files ?? []) visit(file);
    };
    visit('broker/main.ts');
    expect(reached).toContain('platform/hop/accept.ts');
    for (const dialling of ['platform/hop/dial.ts', 'platform/process/local-call.ts']) {
      expect(reached).not.toContain(dialling);
    }
    // Two places connect: to the SOC that broker.json names, if it names one, and to a Unix socket, to see whether another
    // process serves it. No peer's word leads to either.
    const connecting = [...reached].filter((path) => graph.get(path)?.names.has('connect'));
    expect(connecting.sort()).toEqual(['platform/audit/syslog/collector.ts', 'platform/process/local-socket.ts']);
    const outward = [...reached].filter((path) => {
      const names = graph.get(path)?.names ?? new Set();
      return ['fetch', 'WebSocket', 'EventSource'].some(
        (name) => names.has(name) && path !== 'platform/hop/opening.ts',
      );
    });
    expect(outward).toEqual([]);
  });
});
