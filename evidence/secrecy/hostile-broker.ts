// A broker in hostile hands (T03): it listens in the place of the real one with all certificates and keys of that host, real
// gateways and agents dial in to it, and it does what it likes with offers and records.
import { AGENT, MUNICIPALITY, type System } from '#lab/system.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import { type FromAgent, type FromGateway, parseFromAgent, parseFromGateway } from '#protocol/outer/link.ts';
import { parseSessionMessage } from '#protocol/outer/ticket.ts';
import { listenAs } from './impostor.ts';
import { honest, type Meddle, Middle } from './middle.ts';

export interface HostileBroker {
  /** Of every session that is paired from now on. */
  meddle: Meddle;
  /** The grant that the agent is offered, given the one that the gateway sent. */
  offered: (grant: string) => string | Promise<string>;
  /** The newest session. @throws Error if there was none */
  readonly middle: Middle;
  /** The grants it has seen. */
  readonly grants: readonly string[];
  /** Offers something of its own making to the agent. */
  offer(session: string, grant: string): void;
  /** Tells the agent to end it, as a gateway may. */
  revoke(session: string): void;
  close(): Promise<void>;
}

type Side = 'gateway' | 'agent';

/** @param system its own broker has to be stopped */
export async function takeBrokersPlace(system: System): Promise<HostileBroker> {
  const { gatewayPort, agentPort } = system.processes.broker.ready;
  const { brokerForGateways, brokerForAgents } = system.pki.files;
  const links: Partial<Record<Side, Socket>> = {};
  const waiting = new Map<string, Partial<Record<Side, Socket>>>();
  const grants: string[] = [];
  let middle: Middle | null = null;
  let presence: object | null = null;
  const tell = (side: Side, message: object) => links[side]?.sendText(JSON.stringify(message));

  async function heard(side: Side, message: FromGateway | FromAgent): Promise<void> {
    switch (message.type) {
      case 'open': {
        grants.push(message.grant);
        tell('agent', { type: 'offer', session: message.session, grant: await broker.offered(message.grant) });
        return;
      }
      case 'presence':
        presence = { ...message, agent: `${MUNICIPALITY}/${AGENT}` };
        tell('gateway', presence);
        return;
      case 'anchor':
        return;
      case 'ended':
        // Of a live session the data link tells it, behind the sealed close.
        if (message.session === middle?.session) return;
    }
    tell(side === 'gateway' ? 'agent' : 'gateway', message);
  }

  function join(side: Side, session: string, socket: Socket): void {
    const both = { ...waiting.get(session), [side]: socket };
    waiting.set(session, both);
    if (!both.gateway || !both.agent) return;
    for (const one of [both.gateway, both.agent]) one.sendText(JSON.stringify({ type: 'paired', session }));
    middle = new Middle(session, { client: both.gateway, agent: both.agent }, broker.meddle);
  }

  const take = (side: Side) => (socket: Socket, path: string) => {
    if (path === '/link') {
      links[side] = socket;
      const parse = side === 'gateway' ? parseFromGateway : parseFromAgent;
      socket.listen({ text: (text) => void heard(side, parse(text)), closed() {} });
      // Whichever of the two comes first.
      if (side === 'gateway' && presence) tell('gateway', presence);
      return;
    }
    socket.listen({ text: (text) => join(side, parseSessionMessage(text).session, socket), closed() {} });
  };
  const doors = await Promise.all([
    listenAs(brokerForGateways, Number(gatewayPort), take('gateway')),
    listenAs(brokerForAgents, Number(agentPort), take('agent')),
  ]);

  const broker: HostileBroker = {
    meddle: honest,
    offered: (grant) => grant,
    get middle() {
      if (!middle) throw new Error('no session came through the hostile broker');
      return middle;
    },
    grants,
    offer: (session, grant) => tell('agent', { type: 'offer', session, grant }),
    revoke: (session) => tell('agent', { type: 'revoke', session, code: 'ENDED' }),
    async close() {
      for (const door of doors) await door.close();
    },
  };
  return broker;
}
