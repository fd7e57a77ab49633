// A broker in this process, and peers that dial in to it with real certificates.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Broker, startBroker } from '#broker/broker.ts';
import type { LineConfig } from '#broker/config.ts';
import type { ShaperObserver } from '#broker/shaping/shaper.ts';
import type { Audit } from '#platform/audit/chain.ts';
import { auditSchema } from '#platform/audit/config.ts';
import type { EventName } from '#platform/audit/events.ts';
import { type DialOptions, dialSocket } from '#platform/hop/dial.ts';
import { type EdgeLimits, edgeSchema } from '#platform/hop/edge-limits.ts';
import { clientTls, type TlsFiles } from '#platform/hop/tls.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import type { Limits } from '#platform/process/limits.ts';
import { type Code, type Refusal, refusalFrom } from '#protocol/codes.ts';
import type { FromAgent, FromGateway } from '#protocol/outer/link.ts';
import { type DemoPki, demoPki } from './pki.ts';
import { produce } from './produced-events.ts';

export interface Event {
  event: EventName;
  reason?: string;
  session?: string;
  code?: Code;
  [field: string]: unknown;
}

/** Keeps events in memory; `healthy` can be switched off. */
export interface MemoryAudit extends Audit {
  events: Event[];
  healthy: boolean;
  of(event: EventName): Event[];
}

export function memoryAudit(): MemoryAudit {
  const events: Event[] = [];
  return {
    events,
    healthy: true,
    of: (event) => events.filter((one) => one.event === event),
    record(event, fields) {
      produce(event, fields);
      events.push({ event, ...fields });
    },
    checkpoint() {},
    anchor: (anchor) => void events.push({ event: 'anchor', ...produce('anchor', anchor) }),
    close() {},
  };
}

/** One socket of a peer, with everything it heard. */
export class Peer {
  readonly socket: Socket;
  readonly texts: Record<string, unknown>[] = [];
  readonly records: Buffer[] = [];
  end: { code: Code; refusal: Refusal | null } | null = null;
  #checks: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    const heard = () => {
      for (const check of this.#checks) check();
    };
    socket.listen({
      text: (text) => {
        this.texts.push(JSON.parse(text));
        heard();
      },
      record: (record) => {
        this.records.push(record);
        heard();
      },
      closed: (code, refusal) => {
        this.end = { code, refusal };
        heard();
      },
    });
  }

  say(message: FromAgent | FromGateway | { type: 'session'; session: string }): void {
    this.socket.sendText(JSON.stringify(message));
  }

  of(type: string): Record<string, unknown>[] {
    return this.texts.filter((text) => text.type === type);
  }

  /** Resolves as soon as `done` gives something; what it gave. */
  until<T>(done: () => T | undefined | null | false): Promise<T> {
    return new Promise((resolve) => {
      const check = () => {
        const found = done();
        if (found === undefined || found === null || found === false) return;
        this.#checks = this.#checks.filter((other) => other !== check);
        resolve(found);
      };
      this.#checks.push(check);
      check();
    });
  }

  ended(): Promise<Code> {
    return this.until(() => this.end?.code);
  }

  next(type: string): Promise<Record<string, unknown>> {
    return this.until(() => this.of(type)[0]);
  }
}

export interface TestBroker {
  pki: DemoPki;
  broker: Broker;
  audit: MemoryAudit;
  /** @param by another port than the listener's own, for whoever stands between */
  dial(
    side: 'gateway' | 'agent',
    path: string,
    tls: TlsFiles,
    options?: Partial<DialOptions>,
    by?: number,
  ): Promise<Peer>;
  /** Control links of the demo's own gateway and agent. */
  gatewayLink(): Promise<Peer>;
  agentLink(desktops?: string[]): Promise<Peer>;
  /** Resolves as soon as the audit log holds such an event. */
  event(event: EventName, reason?: string): Promise<Event>;
  close(): Promise<void>;
}

export const DESKTOP = '131016/soumu/notepad';

/** All peers of a test have one address. */
const FREELY: Partial<EdgeLimits> = { connectionsPerAddress: 4_096, handshakesPerSecond: 10_000 };

/** Of no municipality in particular, and as fast as there is. */
const WIDE: LineConfig = { tier: '1Gbps', municipalities: {}, others: { ceiling: 1 } };

export interface TestBrokerOptions {
  line?: LineConfig;
  limits?: Limits;
  observer?: ShaperObserver;
  edge?: Partial<EdgeLimits>;
}

export async function openBroker(
  given?: DemoPki,
  { line = WIDE, limits = { idleSeconds: 900, overallSeconds: 43_200 }, observer = {}, edge }: TestBrokerOptions = {},
): Promise<TestBroker> {
  const pki = given ?? (await demoPki());
  const state = mkdtempSync(join(tmpdir(), 'telework-broker-'));
  const audit = memoryAudit();
  const side = { listen: { host: '127.0.0.1', port: 0 }, edge: edgeSchema().parse({ ...FREELY, ...edge }) };
  const config = {
    gatewaySide: { ...side, tls: pki.brokerForGateways },
    agentSide: { ...side, tls: pki.brokerForAgents },
    line,
    limits,
    state,
    audit: auditSchema.parse({}),
  };
  const broker = await startBroker(config, audit, () => performance.now(), observer);
  const peers: Peer[] = [];
  const dial: TestBroker['dial'] = async (side, path, tls, options = {}, by) => {
    const port = by ?? (side === 'gateway' ? broker.gatewayPort : broker.agentPort);
    const socket = await dialSocket(`wss://127.0.0.1:${port}${path}`, clientTls(tls, 'localhost'), {
      timeoutMs: 10_000,
      verify() {},
      ...options,
    });
    const peer = new Peer(socket);
    peers.push(peer);
    return peer;
  };
  return {
    pki,
    broker,
    audit,
    dial,
    gatewayLink: () => dial('gateway', '/link', pki.gatewayToBroker),
    async agentLink(desktops = [DESKTOP]) {
      const link = await dial('agent', '/link', pki.agent);
      link.say({ type: 'presence', desktops });
      return link;
    },
    async event(event, reason) {
      for (;;) {
        const found = audit.of(event).find((one) => reason === undefined || one.reason === reason);
        if (found) return found;
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    async close() {
      await broker.close();
      for (const peer of peers) peer.socket.peer.destroy();
      rmSync(state, { recursive: true, force: true });
    },
  };
}

/** @returns the code of a refused upgrade */
export async function refusedWith(dialling: Promise<unknown>): Promise<string> {
  try {
    await dialling;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code);
    return refusalFrom(error).code;
  }
  throw new Error('was not refused');
}

let count = 0;
/** A session id that no other test uses. */
export const newSession = (): string => (++count).toString(16).padStart(32, '0');

export interface Live {
  session: string;
  gatewayData: Peer;
  agentData: Peer;
}

/** Opens a session through to paired. */
export async function openSession(test: TestBroker, gateway: Peer, agent: Peer, desktop = DESKTOP): Promise<Live> {
  const session = newSession();
  gateway.say({ type: 'open', session, desktop, grant: 'grant' });
  const gatewayData = await test.dial('gateway', '/data', test.pki.gatewayToBroker);
  gatewayData.say({ type: 'session', session });
  await agent.until(() => agent.of('offer').find((offer) => offer.session === session));
  const agentData = await test.dial('agent', '/data', test.pki.agent);
  agentData.say({ type: 'session', session });
  await Promise.all([gatewayData.next('paired'), agentData.next('paired')]);
  return { session, gatewayData, agentData };
}
