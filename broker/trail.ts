// What the broker writes to the audit log: one function an event, so that nothing else here knows the events' fields.
import type { Audit } from '#platform/audit/chain.ts';
import { Ration, Rations } from '#platform/audit/ration.ts';
import type { Code, Reason, Refusal } from '#protocol/codes.ts';
import { agentOfDesktop } from '#protocol/names.ts';

/** A peer of one side, by the name in its certificate. */
export type Peer = { agent: string } | { gateway: string };

export interface SessionFacts {
  id: string;
  gateway: string;
  offered: { agent: string; desktop: string } | null;
}

const LANE_REASONS: ReadonlySet<Reason> = new Set<Reason>([
  'MALFORMED',
  'RECORD_OUT_OF_ORDER',
  'RECORD_SIZE',
  'LANE_UNKNOWN',
  'LANE_DIRECTION',
  'LANE_SHUT',
  'MESSAGE_UNEXPECTED',
]);

const STRANGERS = { perSecond: 20, burst: 20 };
const CONNECTIONS = { perSecond: 0.2, burst: 5 };
/** Whose certificate holds can be asked about it; still, no peer shall fill the disk. */
const PEERS = { perSecond: 20, burst: 200 };

const municipalityOf = (agent: string): string => agent.split('/')[0] ?? '';
const why = (refusal: Refusal | null) => (refusal ? { reason: refusal.reason, detail: refusal.detail } : {});

export class Trail {
  readonly #audit: Audit;
  readonly #strangers: Ration;
  readonly #connections: Rations;
  readonly #peers: Ration;

  /** @param now a monotonic clock, ms */
  constructor(audit: Audit, now: () => number) {
    this.#audit = audit;
    this.#strangers = new Ration({ ...STRANGERS, now });
    this.#connections = new Rations({ ...CONNECTIONS, now });
    this.#peers = new Ration({ ...PEERS, now });
  }

  linked(peer: Peer, serial: string, thumbprint: string, address: string): void {
    if ('agent' in peer) {
      const { agent } = peer;
      this.#audit.record('agent-connected', {
        municipality: municipalityOf(agent),
        agent,
        serial,
        thumbprint,
        address,
      });
    } else this.#audit.record('gateway-connected', { gateway: peer.gateway, serial, thumbprint, address });
  }

  unlinked(peer: Peer, code: Code, refusal: Refusal | null): void {
    if ('agent' in peer) {
      const { agent } = peer;
      this.#audit.record('agent-disconnected', { municipality: municipalityOf(agent), agent, code, ...why(refusal) });
    } else this.#audit.record('gateway-disconnected', { gateway: peer.gateway, code, ...why(refusal) });
  }

  /** Whatever a peer with a valid certificate was refused. */
  refused(peer: Peer, { reason, detail }: Refusal, about: { session?: string; desktop?: string } = {}): void {
    this.#peers.spend((more) => {
      const what = { reason, detail: `${detail}${more}`, ...about };
      if ('agent' in peer) this.#audit.record('agent-refused', { ...what, agent: peer.agent });
      else this.#audit.record('gateway-refused', { ...what, gateway: peer.gateway });
    });
  }

  /** Nobody we know: no certificate, or none that holds. Or not even a request for a WebSocket. */
  strangerRefused(refusal: Refusal, kind: string, address: string): void {
    const { reason } = refusal;
    this.#strangers.spend((more) => {
      const what = { reason, detail: `${refusal.detail}${more}`, address };
      if (refusal.code === 'CERTIFICATE_REQUIRED' || refusal.code === 'CERTIFICATE_REFUSED') {
        this.#audit.record('certificate-refused', { ...what, kind });
      } else this.#audit.record('bypass-attempt', what);
    });
  }

  /** Cut at the edge of one side. */
  connectionRefused({ reason, detail }: Refusal, listener: string, address: string): void {
    this.#connections.spend(`${listener}/${reason}`, (more) => {
      this.#audit.record('connection-refused', { reason, listener, address, detail: `${detail}${more}` });
    });
  }

  paired({ id, gateway, offered }: SessionFacts): void {
    this.#audit.record('session-paired', { session: id, gateway, ...parties(offered) });
  }

  ended({ id, offered }: SessionFacts, code: Code, refusal: Refusal | null): void {
    const about = { session: id, ...parties(offered) };
    if (refusal && LANE_REASONS.has(refusal.reason)) {
      this.#audit.record('lane-violation', { ...about, reason: refusal.reason, detail: refusal.detail });
    }
    this.#audit.record('session-ended', { ...about, code, ...why(refusal) });
  }
}

function parties(offered: SessionFacts['offered']) {
  if (!offered) return {};
  const { agent, desktop } = offered;
  return { municipality: agentOfDesktop(desktop).municipality, desktop, agent };
}
