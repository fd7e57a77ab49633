// Both ends with the real gateway and the real broker between them, all in this process: the agent's core dials the broker
// as the agent does, the client's core signs in and dials the gateway as a client does.
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { BrokerLink } from '#agent/broker-link.ts';
import { readGrantPin } from '#agent/grant-pin.ts';
import { dialSocket } from '#platform/hop/dial.ts';
import { clientTls, type TlsFiles } from '#platform/hop/tls.ts';
import { createLog } from '#platform/process/log.ts';
import type { ToAgent } from '#protocol/outer/link.ts';
import type { Surroundings } from '#web/core/open.ts';
import { type BothEnds, bothEnds, DESKTOP } from './both-ends.ts';
import { openBroker, type TestBroker } from './broker.ts';
import { openGateway, type TestGateway } from './gateway.ts';

const TANAKA = { municipality: '131016', user: 'tanaka' };

export interface WholePath {
  ends: BothEnds;
  /** Moves the agent's monotonic clock forward, and nobody else's. */
  passAtAgent(ms: number): void;
  gateway: TestGateway;
  broker: TestBroker;
  /** tanaka's current code. */
  code(): Promise<string>;
  /** Whoever holds this certificate and cookie; ends.client is tanaka with the first one. */
  clientOf(tls: TlsFiles, cookie: string): Pick<Surroundings, 'request' | 'dial'>;
}

/**
 * tanaka is enrolled, entitled, signed in and paired; the agent is online. Ends with the test.
 * @param between the agent dials this port in the broker's place
 */
export async function wholePath(between?: (broker: TestBroker) => Promise<number>): Promise<WholePath> {
  const broker = await openBroker();
  const brokerPort = (await between?.(broker)) ?? broker.broker.agentPort;
  let agentAhead = 0;
  const gateway = await openGateway({ pki: broker.pki, brokerPort: broker.broker.gatewayPort });
  const pin = await readGrantPin(join(gateway.folder, 'grant.pub.pem'));
  const clock = {
    get monotonic() {
      return performance.now() + agentAhead;
    },
    get wall() {
      return gateway.now();
    },
  };
  const ends = await bothEnds({ clock, pins: [pin] });
  await ends.paired();

  const received = (message: ToAgent): void => {
    if (message.type === 'offer') void ends.sessions.offer(message.session, message.grant);
    if (message.type === 'lease') void ends.sessions.lease(message.session, message.lease);
    if (message.type === 'revoke') ends.sessions.revoke(message.session, message.code);
  };
  const link = new BrokerLink({
    broker: { url: `wss://127.0.0.1:${brokerPort}`, serverName: 'localhost', tls: broker.pki.agent },
    desktops: () => ends.home.desktops.keys(),
    audit: ends.audit,
    log: createLog('agent', { write: () => {} }),
    received,
  });
  ends.dialData = () => link.dialData();
  ends.onTold = (message) => link.tell(message);

  const { tanaka } = gateway.pki.users;
  const code = await gateway.enrol(TANAKA);
  await gateway.admin('entitlement.add', { ...TANAKA, desktop: DESKTOP });
  const cookie = await gateway.signIn(tanaka, code);
  const clientOf: WholePath['clientOf'] = (tls, cookie) => ({
    async request(method, path, body) {
      const answer = await gateway.ask(tls, path, { method, body, cookie });
      return { status: answer.status, body: answer.json };
    },
    dial: () =>
      dialSocket(`wss://127.0.0.1:${gateway.gateway.port}/relay`, clientTls(tls, 'localhost'), {
        timeoutMs: 10_000,
        verify() {},
        headers: { origin: gateway.origin, cookie },
      }),
  });
  Object.assign(ends.client, clientOf(tanaka, cookie), { now: () => performance.now() });
  onTestFinished(async () => {
    await ends.sessions.stop();
    await link.stop();
    await gateway.close();
    await broker.close();
  });
  await online(gateway, cookie);
  const passAtAgent = (ms: number) => {
    agentAhead += ms;
  };
  return { ends, passAtAgent, gateway, broker, code, clientOf };
}

async function online(gateway: TestGateway, cookie: string): Promise<void> {
  for (;;) {
    const { text } = await gateway.ask(gateway.pki.users.tanaka, '/api/desktops', { cookie });
    if (text.includes('"online":true')) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
