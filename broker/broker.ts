// The broker: agents on one side, gateways on the other, sessions between them. It has no route, opens no connection of
// its own, and no message it takes has a place for an address (C1–C3, T08).
import { anchorKeeper } from '#platform/audit/anchors.ts';
import { type Anchor, type Audit, requireHealthy } from '#platform/audit/chain.ts';
import type { PeerIdentity } from '#platform/hop/tls.ts';
import type { Metrics } from '#platform/metrics/metrics.ts';
import { RelayTally } from '#platform/metrics/relay-tally.ts';
import { Refusal } from '#protocol/codes.ts';
import { Agents, agentName } from './agents.ts';
import type { BrokerConfig } from './config.ts';
import { addressOf, openDoor } from './doors.ts';
import { Gateways } from './gateways.ts';
import { SOCKETS_PER_AGENT_MAX, SOCKETS_PER_GATEWAY_MAX } from './limits.ts';
import { exposeBroker } from './metrics.ts';
import { Pairing, type SessionObserver } from './pairing.ts';
import { Shaper, type ShaperObserver } from './shaping/shaper.ts';
import { type Peer, Trail } from './trail.ts';

export interface Broker {
  readonly gatewayPort: number;
  readonly agentPort: number;
  /** Sessions of any phase. */
  readonly sessions: number;
  /** The contracted line; what it carries, and to what it may be changed while sessions go on. */
  readonly shaper: Shaper;
  /** Tells both zones the newest checkpoint of the broker's own audit log. */
  anchor(checkpoint: Anchor): void;
  expose(metrics: Metrics): void;
  close(): Promise<void>;
}

/**
 * @param now a monotonic clock in ms
 * @param observer hears each record that leaves on the line, and each session that begins or ends
 */
export async function startBroker(
  config: BrokerConfig,
  audit: Audit,
  now: () => number,
  observer: ShaperObserver & SessionObserver = {},
): Promise<Broker> {
  const trail = new Trail(audit, now);
  const relayed = new RelayTally();
  const shaper = new Shaper(config.line, now, observer);
  const keepAnchor = anchorKeeper(audit, now);
  const keepAnchorOf = (peer: string, anchor: Anchor) => {
    if (!keepAnchor(anchor, peer)) throw new Refusal('MALFORMED', `anchor of ${anchor.source}`);
  };
  const agents: Agents = new Agents({
    now,
    presence: (agent, desktops) => gateways.sendAll({ type: 'presence', agent, desktops }),
    message(agent, message) {
      if (message.type === 'anchor') keepAnchorOf(`agent/${agent}`, message);
      else pairing.fromAgent(agent, message);
    },
    gone(agent, code, refusal) {
      trail.unlinked({ agent }, code, refusal);
      pairing.agentGone(agent);
    },
  });
  const gateways: Gateways = new Gateways({
    now,
    online: () => agents.online(),
    message(gateway, message) {
      if (message.type === 'anchor') keepAnchorOf(`gateway/${gateway}`, message);
      else if (message.type === 'open') pairing.open(gateway, message);
      else pairing.fromGateway(gateway, message);
    },
    gone(gateway, code, refusal) {
      trail.unlinked({ gateway }, code, refusal);
      pairing.gatewayGone(gateway);
    },
  });
  const pairing: Pairing = new Pairing({
    trail,
    shaper,
    relayed,
    observer,
    limits: config.limits,
    requireAudit: () => requireHealthy(audit),
    now,
    serving: (desktop) => agents.serving(desktop),
    toAgent: (agent, message) => agents.send(agent, message),
    toGateway: (gateway, message) => gateways.send(gateway, message),
  });

  const refusedOf =
    (kind: 'hop' | 'agent', peerOf: (identity: PeerIdentity) => Peer) =>
    (refusal: Refusal, identity: PeerIdentity | null, address: string) => {
      if (identity) trail.refused(peerOf(identity), refusal);
      else trail.strangerRefused(refusal, kind, address);
    };
  const asGateway = (identity: PeerIdentity): Peer => ({ gateway: identity.name });
  const asAgent = (identity: PeerIdentity): Peer => ({ agent: agentName(identity) });

  const gatewayDoor = await openDoor({
    config: config.gatewaySide,
    kind: 'hop',
    socketsPerPeerMax: SOCKETS_PER_GATEWAY_MAX,
    link(socket, identity) {
      gateways.take(socket, identity);
      trail.linked(asGateway(identity), identity.serial, identity.thumbprint, addressOf(socket.peer));
    },
    data: (socket, identity, session) => pairing.joinGateway(identity.name, session, socket),
    refused: refusedOf('hop', asGateway),
    cut: (refusal, address) => trail.connectionRefused(refusal, 'hop', address),
    now,
  });
  const agentDoor = await openDoor({
    config: config.agentSide,
    kind: 'agent',
    socketsPerPeerMax: SOCKETS_PER_AGENT_MAX,
    link(socket, identity) {
      agents.take(socket, identity);
      trail.linked(asAgent(identity), identity.serial, identity.thumbprint, addressOf(socket.peer));
    },
    data: (socket, identity, session) => pairing.joinAgent(agentName(identity), session, socket),
    refused: refusedOf('agent', asAgent),
    cut: (refusal, address) => trail.connectionRefused(refusal, 'agent', address),
    now,
  });

  return {
    gatewayPort: gatewayDoor.port,
    agentPort: agentDoor.port,
    get sessions() {
      return pairing.size;
    },
    shaper,
    anchor(checkpoint) {
      gateways.sendAll({ type: 'anchor', ...checkpoint });
      agents.sendAll({ type: 'anchor', ...checkpoint });
    },
    expose(metrics) {
      const doors = { hop: gatewayDoor, agent: agentDoor };
      exposeBroker(metrics, { pairing, agents, gateways, shaper, relayed, doors });
    },
    async close() {
      const refusal = new Refusal('SHUTTING_DOWN');
      pairing.close(refusal);
      await Promise.all([gatewayDoor.close(refusal.code), agentDoor.close(refusal.code)]);
      shaper.close();
    },
  };
}
