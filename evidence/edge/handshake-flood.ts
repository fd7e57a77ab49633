// F8: a flood of TLS handshakes, from one address and from many, with and without tickets, at the gateway and at the broker.
import { join } from 'node:path';
import { LoadUser } from '#bench/load/load-user.ts';
import { edgeSchema } from '#platform/hop/edge-limits.ts';
import type { Judgement, Proof, Run, Said } from '../proof.ts';
import { type Audited, watchAudit } from './audited.ts';
import { BROKER, type Complaint, keysHeld, memoryHeld, ms, unless, verdict } from './bounds.ts';
import type { FloodOf } from './flood/config.ts';
import type { Handshakes } from './flood/handshakes.ts';
import { type Edge, edgeStage } from './stage.ts';
import { idle, type Keys, type Memory, watchMemory, whileWorking } from './watched.ts';

const IDLE_MS = 2_000;
const TRIES_PER_SECOND = 1_500;
const MANY = 50;
const LIMITS = edgeSchema().parse({});
const NEWCOMER_MAX_MS = 5_000;
/** Timers and the first burst. */
const TOLERANCE = 1.15;

export interface Flooded {
  keys: Keys;
  memory: Memory;
  flood: Handshakes;
}

export interface HandshakeFlood {
  idle: Keys;
  oneAddress: Flooded;
  manyAddresses: Flooded;
  withTickets: Flooded;
  broker: Flooded;
  /** From the TCP connection of somebody who comes alone, in the middle of the flood from many, to the sign-in. */
  newcomerMs: number | null;
  /** 'connection-refused' at the gateway. */
  audited: Audited;
  sessionsLost: number;
}

export const handshakeFlood: Proof<HandshakeFlood> = {
  name: 'f8-handshake-flood',
  requirements: ['F8'],
  claim: {
    ja: 'TLS ハンドシェイクが殺到しても、開いているセッションは動き続け、新しい利用者も入れる',
    en: 'Under a flood of TLS handshakes open sessions keep working, and newcomers still get in',
  },
  tried: {
    ja: `同じ ClientHello を、ゲートウェイには 1 つのアドレスと ${MANY} のアドレスから、中継には ${MANY} のアドレスから、毎秒 ${TRIES_PER_SECOND} 回まで送りました。再開チケットを使う攻撃も行い、その間、接続中の 100 人のうち 20 人がキーを押し続けました。`,
    en: `ClientHellos sent again and again, up to ${TRIES_PER_SECOND} a second, from one address, from ${MANY}, with session tickets, at the gateway and at the broker, while 20 of 100 people kept pressing keys.`,
  },
  needs: [],
  collect: collectFlood,
  judge: judgeFlood,
};

async function collectFlood(run: Run): Promise<HandshakeFlood> {
  const edge = await run.stage(edgeStage);
  const { system } = edge.bench;
  const { gateway, broker } = system.processes;
  const auditOf = watchAudit(join(system.folder, 'gateway/state/audit.jsonl'));
  const quiet = await idle(edge, IDLE_MS);
  const port = Number(new URL(system.gateway).port);
  const how = { kind: 'handshakes', perSecond: TRIES_PER_SECOND, rows: 400, seconds: 3, resume: false } as const;
  run.progress(0.3, 'one address');
  const oneAddress = await flooded(edge, gateway.pid, { ...how, port, block: 10, addresses: 1 });
  run.progress(0.5, 'many addresses');
  const coming = { ms: null as number | null };
  const [manyAddresses] = await Promise.all([
    flooded(edge, gateway.pid, { ...how, port, block: 11, addresses: MANY, seconds: 4 }),
    newcomer(edge).then((took) => {
      coming.ms = took;
    }),
  ]);
  run.progress(0.7, 'tickets');
  const withTickets = await flooded(edge, gateway.pid, {
    ...how,
    port,
    block: 12,
    addresses: MANY,
    rows: 10,
    resume: true,
  });
  run.progress(0.85, 'broker');
  const agentPort = Number(broker.ready.agentPort);
  const atBroker = await flooded(edge, broker.pid, { ...how, port: agentPort, block: 13, addresses: MANY });
  const [crowd, witnesses] = await Promise.all([edge.bench.load('status', null), edge.witness('status', null)]);
  return {
    ...{ idle: quiet, oneAddress, manyAddresses, withTickets, broker: atBroker },
    newcomerMs: coming.ms,
    audited: auditOf('connection-refused'),
    sessionsLost: Object.keys({ ...crowd.lost, ...witnesses.lost }).length,
  };
}

async function flooded(edge: Edge, pid: number, flood: FloodOf<'handshakes'>): Promise<Flooded> {
  const memory = watchMemory(pid);
  const [keys, [counts]] = await whileWorking(edge, () => edge.floods<[Handshakes]>(flood));
  return { keys, memory: memory(), flood: counts };
}

/** Once the flood stands. */
async function newcomer({ bench, hostile }: Edge): Promise<number | null> {
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const folder = join(bench.credentials, hostile[0]?.user ?? '');
  const user = new LoadUser(new URL(bench.system.gateway), folder, { localAddress: '127.9.1.1' });
  const began = performance.now();
  try {
    await user.signIn();
    return performance.now() - began;
  } catch {
    return null;
  } finally {
    user.close();
  }
}

export function judgeFlood(seen: HandshakeFlood): Judgement {
  const { oneAddress, manyAddresses, withTickets, broker, newcomerMs, audited } = seen;
  const perAddress = LIMITS.connectionsPerAddress + LIMITS.connectionsPerSecondPerAddress * oneAddress.flood.seconds;
  const paced = ({ flood }: Flooded) =>
    flood.answered <= TOLERANCE * LIMITS.handshakesPerSecond * (flood.seconds + 0.5);
  const each: [Said, Flooded][] = [
    [{ ja: '1 アドレス', en: 'one address' }, oneAddress],
    [{ ja: '多数のアドレス', en: 'many addresses' }, manyAddresses],
    [{ ja: '再開チケット', en: 'with tickets' }, withTickets],
    [BROKER, broker],
  ];
  const complaints: Complaint[] = [
    ...each.map(([what, { keys }]) => keysHeld(what, seen.idle, keys)),
    ...each.map(([what, { memory }]) => memoryHeld(what, memory)),
    // The positive controls: it was a flood, and of handshakes.
    unless(
      oneAddress.flood.tried > 1.5 * perAddress &&
        manyAddresses.flood.tried > manyAddresses.flood.answered &&
        manyAddresses.flood.answered > 100 &&
        broker.flood.answered > 100,
      '攻撃になっていません',
      'it was no flood',
    ),
    unless(withTickets.flood.resumed > 0, '再開が起きていません', 'nothing was resumed'),
    unless(
      oneAddress.flood.cut > 0 && oneAddress.flood.answered <= TOLERANCE * perAddress,
      '1 アドレスの上限が効いていません',
      'the limit of one address did not strike',
    ),
    unless(
      [manyAddresses, withTickets].every(paced),
      'ハンドシェイクの順番待ちが効いていません',
      'handshakes were not made to wait for their turn',
    ),
    unless(
      newcomerMs !== null && newcomerMs <= NEWCOMER_MAX_MS,
      `新しい利用者が入れません (${ms(newcomerMs)})`,
      `a newcomer did not get in (${ms(newcomerMs)})`,
    ),
    unless(
      (audited.reasons.RATE_EXCEEDED ?? 0) > 0 && audited.written <= 60 && audited.counted >= audited.written,
      '監査ログに残っていないか、あふれています',
      'the audit log does not say it, or is flooded with it',
    ),
    unless(
      seen.sessionsLost === 0,
      `${seen.sessionsLost} 件のセッションが切れました`,
      `${seen.sessionsLost} sessions were lost`,
    ),
  ];
  const p95 = (language: keyof Said) =>
    each.map(([what, { keys }]) => `${what[language]} ${ms(keys.p95Ms)}`).join(', ');
  const made = (language: keyof Said) =>
    each.map(([what, { flood }]) => `${what[language]} ${flood.answered}/${flood.tried}`).join(', ');
  const most = Math.max(...each.map(([, { memory }]) => memory.mostMiB - memory.beforeMiB));
  return verdict(complaints, {
    ja: `キーの p95: 平常 ${ms(seen.idle.p95Ms)}、攻撃中は ${p95('ja')}。応じた数/試した数: ${made('ja')}。メモリーの増加は最大 ${most} MiB、新しい利用者は ${ms(newcomerMs)} で入れました。`,
    en: `p95 of keys: ${ms(seen.idle.p95Ms)} idle, under flood ${p95('en')}. Answered/tried: ${made('en')}. Memory grew by ${most} MiB at most; a newcomer was in after ${ms(newcomerMs)}.`,
  });
}
