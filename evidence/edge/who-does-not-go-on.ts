// F8: connections that begin something and do not go on, on each of the five listeners and at each depth: before TLS, in the
// middle of a ClientHello, behind TLS, in a header, in a body; then users without a ticket, openings without a hello, agents
// without a session, and a broker that offers sessions to an agent without a pause.
import { join } from 'node:path';
import { freePort } from '#lab/ports.ts';
import { start } from '#lab/process.ts';
import type { Proof, Run } from '../proof.ts';
import { watchAudit } from './audited.ts';
import type { Flood } from './flood/config.ts';
import type { Ends } from './flood/ends.ts';
import type { HalfOpen } from './flood/half-open.ts';
import type { Offers } from './flood/hostile-peers.ts';
import type { Held } from './flood/strangers.ts';
import { judgeWaiting, type Waiting } from './judge-waiting.ts';
import { type Edge, edgeStage } from './stage.ts';
import { idle, watchMemory, whileWorking } from './watched.ts';

const IDLE_MS = 2_000;
/** Longer than any stranger may stay. */
const SECONDS = 18;
const PEERS_SECONDS = 12;
/** More than may be unestablished at once. */
const CROWDING = 1_300;
const FEW = 60;

export const whoDoesNotGoOn: Proof<Waiting> = {
  name: 'f8-who-does-not-go-on',
  requirements: ['F8'],
  claim: {
    ja: '途中で止まる接続は、どの段階でも期限と数の上限で切られ、開いているセッションには影響しない',
    en: 'Whoever stops half way is cut by time and by number at every depth, and open sessions do not feel it',
  },
  tried: {
    ja: `5 つの待ち受けで、無言の接続、1 バイトずつの ClientHello、TLS のあと無言、1 行ずつのヘッダーと本文 (合わせて 2,000 本以上)。正しい証明書の利用者・庁内側・中継が途中で止まり、あるいは要求を送り続けました。`,
    en: `On the five listeners: silence, a ClientHello byte by byte, silence behind TLS, headers and bodies drop by drop (over 2,000 connections); users, agents and a broker with good certificates that stop half way or never pause.`,
  },
  needs: [],
  collect,
  judge: judgeWaiting,
};

async function collect(run: Run): Promise<Waiting> {
  const edge = await run.stage(edgeStage);
  const { system } = edge.bench;
  const { gateway, broker } = system.processes;
  const auditOf = watchAudit(join(system.folder, 'gateway/state/audit.jsonl'));
  const quiet = await idle(edge, IDLE_MS);
  const memories = { gateway: watchMemory(gateway.pid), broker: watchMemory(broker.pid) };
  run.progress(0.2, 'strangers, users and peers that do not go on');
  const [keys, [held, [users, muteAgents], agent]] = await whileWorking(edge, () =>
    Promise.all([strangers(edge), peers(edge), offeredAgent(edge)]),
  );
  const [crowd, witnesses] = await Promise.all([edge.bench.load('status', null), edge.witness('status', null)]);
  return {
    ...{ idle: quiet, keys, gateway: memories.gateway(), broker: memories.broker(), strangers: held },
    ...{ users, muteAgents, agent },
    audited: auditOf('connection-refused'),
    sessionsLost: Object.keys({ ...crowd.lost, ...witnesses.lost }).length,
  };
}

async function strangers(edge: Edge): Promise<Record<string, Held>> {
  const { system } = edge.bench;
  const { gatewayPort, agentPort } = system.processes.broker.ready;
  const ports = {
    gateway: Number(new URL(system.gateway).port),
    enrolment: Number(new URL(system.enrolment).port),
    administration: Number(new URL(system.administration).port),
    'broker, gateways': Number(gatewayPort),
    'broker, agents': Number(agentPort),
  };
  const floods: [string, Flood][] = [];
  const at = (listener: keyof typeof ports, kind: Manner, connections = FEW, addresses = 20) => {
    const where = { port: ports[listener], block: 20 + floods.length, addresses, seconds: SECONDS };
    floods.push([`${listener}: ${kind}`, { ...where, kind, connections }]);
  };
  for (const kind of ['silent', 'dripping-hello', 'spare', 'dripping-header'] as const) at('gateway', kind);
  for (const kind of ['silent', 'dripping-header', 'dripping-body'] as const) at('enrolment', kind);
  at('administration', 'silent', CROWDING, 10);
  for (const side of ['broker, gateways', 'broker, agents'] as const) {
    for (const kind of ['silent', 'spare', 'dripping-header'] as const) at(side, kind);
  }
  const held = await edge.floods<Held[]>(...floods.map(([, flood]) => flood));
  return Object.fromEntries(floods.map(([name], i) => [name, held[i] as Held]));
}

type Manner = 'silent' | 'dripping-hello' | 'spare' | 'dripping-header' | 'dripping-body';

function peers({ bench, hostile, floods }: Edge): Promise<[HalfOpen, Ends]> {
  const { system } = bench;
  const credentials = hostile.slice(1, 3).map(({ user }) => join(bench.credentials, user));
  const { agent } = system.pki.files;
  const where = { addresses: 4, seconds: PEERS_SECONDS };
  return floods<[HalfOpen, Ends]>(
    {
      ...{ ...where, kind: 'half-open', port: Number(new URL(system.gateway).port), block: 60 },
      ...{ gateway: system.gateway, credentials, mutes: 10, openings: 6, junk: 11 },
    },
    {
      ...where,
      kind: 'mute-agents',
      port: Number(system.processes.broker.ready.agentPort),
      block: 61,
      connections: 40,
      tls: agent,
    },
  );
}

/** A real agent that has dialled a hostile broker, whose certificate is as good as any. */
async function offeredAgent(edge: Edge): Promise<Waiting['agent']> {
  const { system } = edge.bench;
  const { agent: tls, brokerForAgents } = system.pki.files;
  const port = await freePort();
  const folder = edge.folder('offered-agent');
  const offering = edge.floods<[Offers]>({
    ...{ kind: 'offers', port, block: 62, addresses: 1, seconds: PEERS_SECONDS, tls: brokerForAgents },
  });
  const config = edge.file('offered-agent/agent.json', {
    broker: { url: `wss://127.0.0.1:${port}`, serverName: 'localhost', tls },
    ...{ identityKey: 'agent-key.pem', grantKeys: [join(system.folder, 'gateway/grant-key.pub.pem')] },
    ...{ desktops: [{ name: 'pc-01', kind: 'office' }], state: 'state', socket: 'agent.sock' },
    metrics: { host: '127.0.0.1', port: 0 },
  });
  const agent = await start('agent', 'agent/main.ts', ['--config', config], join(folder, 'agent.log'), edge);
  try {
    const auditOf = watchAudit(join(folder, 'state/audit.jsonl'));
    const memory = watchMemory(agent.pid);
    const [offers] = await offering;
    return { offers, memory: memory(), audited: auditOf('offer-refused') };
  } finally {
    await agent.stop();
  }
}
