// H3: clients that stop reading while their desktops have as much to show as the line takes. Nobody's memory grows, and whoever
// works beside them notices nothing.
import { setTimeout as delay } from 'node:timers/promises';
import { WINDOW_MAX_BYTES } from '#protocol/limits.ts';
import type { Judgement, Proof, Run } from '../proof.ts';
import { AGENT, BROKER, type Complaint, GATEWAY, keysHeld, memoryHeld, ms, unless, verdict } from './bounds.ts';
import { edgeStage } from './stage.ts';
import { idle, type Keys, type Memory, watchMemory, whileWorking } from './watched.ts';

const SLOW = 5;
const IDLE_MS = 1_500;
const FLOWING_MS = 2_000;
/** What is read back is less than what flows: the rest is superseded while nobody reads. */
const READING_ON_MS = 1_000;
const FLOWED_MIN_MIB = 2;
const STALLED_MS = 4_000;
const MIB = 2 ** 20;

export interface SlowReaders {
  idle: Keys;
  keys: Keys;
  /** What they read in FLOWING_MS before they stopped: that there was something to read. */
  flowedBytes: number;
  memory: { gateway: Memory; broker: Memory; agents: Memory };
  /** Found on the way when they read on. */
  backlogBytes: number[];
  sessionsLost: number;
}

export const slowReader: Proof<SlowReaders> = {
  name: 'h3-slow-reader',
  requirements: ['H3'],
  claim: {
    ja: '読まない端末があっても、どのプロセスのメモリーも増え続けず、ほかの利用者に影響しない',
    en: 'Clients that do not read make no process grow, and nobody beside them notices',
  },
  tried: {
    ja: `動く絵を見ている ${SLOW} 人の端末が ${STALLED_MS / 1000} 秒読むのをやめ、その間ほかの利用者がキーを押し続けました。`,
    en: `${SLOW} clients that watch a moving picture stopped reading for ${STALLED_MS / 1000} s while others kept pressing keys.`,
  },
  needs: [],
  collect,
  judge: judgeSlowReaders,
};

async function collect(run: Run): Promise<SlowReaders> {
  const { bench, crowd, ...edge } = await run.stage(edgeStage);
  const users = crowd.slice(0, SLOW);
  const people = bench.people.slice(0, SLOW);
  const { gateway, broker } = bench.system.processes;
  const agents = bench.processes.find(({ name }) => name === 'replay')?.pid ?? 0;
  const quiet = await idle({ bench, crowd, ...edge }, IDLE_MS);
  const [watchGateway, watchBroker, watchAgents] = [gateway.pid, broker.pid, agents].map(watchMemory);
  await bench.load('measure-begin', { groups: { slow: users } });
  await bench.show(people, 'video', 'saturating');
  await delay(FLOWING_MS);
  const { groups } = await bench.load('measure-end', null);
  run.progress(0.4, 'nobody reads');
  const [keys] = await whileWorking({ bench, crowd, ...edge }, async () => {
    await bench.load('stall', { users });
    await delay(STALLED_MS);
  });
  await bench.show(people, null);
  await bench.load('measure-begin', { groups: { slow: users } });
  await bench.load('resume', { users });
  await delay(READING_ON_MS);
  const { stalls } = await bench.load('measure-end', null);
  const { lost } = await bench.load('status', null);
  const none: Memory = { beforeMiB: 0, mostMiB: 0 };
  return {
    ...{ idle: quiet, keys, flowedBytes: groups.slow?.bytes ?? 0 },
    memory: { gateway: watchGateway?.() ?? none, broker: watchBroker?.() ?? none, agents: watchAgents?.() ?? none },
    backlogBytes: users.map((user) => stalls[user]?.backlogBytes ?? 0),
    sessionsLost: Object.keys(lost).length,
  };
}

export function judgeSlowReaders(seen: SlowReaders): Judgement {
  const { gateway, broker, agents } = seen.memory;
  const flowed = seen.flowedBytes / MIB;
  const perSecond = (flowed / (FLOWING_MS / 1000)).toFixed(1);
  const complaints: Complaint[] = [
    keysHeld({ ja: 'ほかの利用者', en: 'beside them' }, seen.idle, seen.keys),
    memoryHeld(GATEWAY, gateway),
    memoryHeld(BROKER, broker),
    memoryHeld(AGENT, agents),
    // The positive control: what they did not read would have been this much a second.
    unless(
      flowed >= FLOWED_MIN_MIB,
      `読む前に ${flowed.toFixed(1)} MiB しか流れていません`,
      `only ${flowed.toFixed(1)} MiB flowed`,
    ),
    unless(
      seen.backlogBytes.every((bytes) => bytes <= WINDOW_MAX_BYTES),
      `読まない端末への途中に ${Math.max(...seen.backlogBytes)} バイトありました`,
      `${Math.max(...seen.backlogBytes)} bytes were on their way to a client that did not read`,
    ),
    unless(
      seen.sessionsLost === 0,
      `${seen.sessionsLost} 件のセッションが切れました`,
      `${seen.sessionsLost} sessions were lost`,
    ),
  ];
  const grew = [gateway, broker, agents].map(({ beforeMiB, mostMiB }) => mostMiB - beforeMiB);
  return verdict(complaints, {
    ja: `毎秒 ${perSecond} MiB の画面を ${STALLED_MS / 1000} 秒読まない間、メモリーの増加はゲートウェイ ${grew[0]}、中継 ${grew[1]}、庁内側 ${grew[2]} MiB、ほかの利用者のキーの p95 は ${ms(seen.keys.p95Ms)} (平常 ${ms(seen.idle.p95Ms)})。`,
    en: `A picture of ${perSecond} MiB a second went unread for ${STALLED_MS / 1000} s; memory grew by ${grew[0]} (gateway), ${grew[1]} (broker), ${grew[2]} MiB (agents), and p95 of the others' keys was ${ms(seen.keys.p95Ms)} (${ms(seen.idle.p95Ms)} idle).`,
  });
}
