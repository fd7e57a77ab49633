// A gateway, a broker and an agent's sockets, joined: what is between a client and an agent without either of them.
import type { GatewayConfig } from '#gateway/config.ts';
import type { TlsFiles } from '#platform/hop/tls.ts';
import { DESKTOP, openBroker, type Peer, type TestBroker } from './broker.ts';
import { HELLO, openGateway, ownRevocations, type TestGateway } from './gateway.ts';
import { demoPki } from './pki.ts';

export const TANAKA = { municipality: '131016', user: 'tanaka' };

export interface Ticketed {
  session: string;
  ticket: string;
  grant: string;
}

export interface Live extends Ticketed {
  client: Peer;
  agentData: Peer;
}

export interface Relayed {
  broker: TestBroker;
  gateway: TestGateway;
  /** The agent's control link. */
  agent: Peer;
  cookie: string;
  code(): Promise<string>;
  revoke(user: TlsFiles): void;
  /** The gateway's own copy of the users' list. */
  revocations: string;
  /** Signs tanaka in anew; the earlier sign-in ends. */
  signInAgain(): Promise<void>;
  /** POST /api/desktops/open as tanaka. @throws Error with the answer if it is not 200 */
  ask(desktop?: string): Promise<Ticketed>;
  /** Ticket, offer, data link, paired. */
  open(desktop?: string): Promise<Live>;
  /** The same, and the agent's first nonce, by which it says that it has verified the proof. */
  openLive(desktop?: string): Promise<Live>;
  close(): Promise<void>;
}

/** With tanaka enrolled, entitled to DESKTOP and signed in, and the agent online. */
export async function openRelayed(options: { limits?: GatewayConfig['limits'] } = {}): Promise<Relayed> {
  const pki = await demoPki();
  const broker = await openBroker(pki);
  const agent = await broker.agentLink();
  const revocations = ownRevocations(pki);
  const brokerPort = broker.broker.gatewayPort;
  const gateway = await openGateway({ pki, brokerPort, revocations: revocations.path, ...options });
  const code = await gateway.enrol(TANAKA);
  await gateway.admin('entitlement.add', { ...TANAKA, desktop: DESKTOP });
  const { tanaka } = pki.users;

  const relayed: Relayed = {
    ...{ broker, gateway, agent, code },
    cookie: await gateway.signIn(tanaka, code),
    revoke: revocations.revoke,
    revocations: revocations.path,
    async signInAgain() {
      relayed.cookie = await gateway.signIn(tanaka, code);
    },
    async ask(desktop = DESKTOP) {
      const body = { desktop, mode: 'open', hello: HELLO };
      const answer = await gateway.ask(tanaka, '/api/desktops/open', { method: 'POST', cookie: relayed.cookie, body });
      if (answer.status !== 200) throw new Error(String(answer.json?.code));
      const { session, ticket, grant } = answer.json ?? {};
      return { session: String(session), ticket: String(ticket), grant: String(grant) };
    },
    async open(desktop = DESKTOP) {
      const ticketed = await relayed.ask(desktop);
      const client = await gateway.dial(tanaka, relayed.cookie);
      client.socket.sendText(JSON.stringify({ type: 'ticket', ticket: ticketed.ticket }));
      const { session } = ticketed;
      await agent.until(() => agent.of('offer').find((offer) => offer.session === session));
      const agentData = await broker.dial('agent', '/data', pki.agent);
      agentData.say({ type: 'session', session });
      await Promise.all([client.next('paired'), agentData.next('paired')]);
      return { ...ticketed, client, agentData };
    },
    async openLive(desktop) {
      const live = await relayed.open(desktop);
      await prove(relayed, live);
      return live;
    },
    async close() {
      await gateway.close();
      await broker.close();
      revocations.close();
    },
  };
  await untilOnline(relayed);
  return relayed;
}

/** The agent says that it has verified the proof; waits until the gateway has answered. */
export async function prove({ agent }: Relayed, { session }: Live): Promise<void> {
  agent.say({ type: 'nonce', session, nonce: 'L'.repeat(22) });
  await agent.until(() => agent.of('lease').find((lease) => lease.session === session));
}

/** Waits until the gateway knows that the desktop is there. */
export async function untilOnline({ gateway, cookie }: Relayed, online = true): Promise<void> {
  for (;;) {
    const { json } = await gateway.ask(gateway.pki.users.tanaka, '/api/desktops', { cookie });
    if (JSON.stringify(json).includes(`"online":${online}`)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
