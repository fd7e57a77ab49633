// H5: everybody is lost at once and comes back: first a line with eighty people behind it breaks, while others work on; then the
// gateway is killed and started anew, then the broker, which gateway and agents have to find again before anybody else.
import { setTimeout as delay } from 'node:timers/promises';
import type { Returned } from '#bench/load/commands.ts';
import type { Judgement, Proof, Run } from '../proof.ts';
import { BROKER, type Complaint, GATEWAY, keysHeld, memoryHeld, ms, unless, verdict } from './bounds.ts';
import { type Edge, edgeStage, KEYS_PER_SECOND, untilOpen } from './stage.ts';
import { idle, type Keys, type Memory, watchMemory, whileWorking } from './watched.ts';

const IDLE_MS = 2_000;
const BACK_MAX_MS = 10_000;
/** Agents and gateway dial again before people can: up to 4 s later, as often as they have failed by then. */
const BACK_BY_BROKER_MAX_MS = 15_000;
/** Eighty handshakes of TLS and eighty end to end are made on this machine meanwhile, both ends of each. */
const LATER_MAX_MS = 500;
/** How many more than there are people may be refused before all are in: a storm would be many for each. */
const FAILED_TRIES_MAX_EACH = 4;

export interface Back {
  people: number;
  /** Were without a session at the beginning. */
  lost: number;
  /** Had one again within the time. */
  returned: number;
  /** From the moment when it was possible to the last one's session, ms; null if one is missing. */
  allAfterMs: number | null;
  failedTries: number;
  why: Record<string, number>;
}

export interface MassReconnect {
  idle: Keys;
  /** Of the witnesses, while the crowd came back. */
  keys: Keys;
  lineBroke: Back;
  gatewayRestarted: Back;
  brokerRestarted: Back;
  memory: { gateway: Memory; broker: Memory };
}

export const massReconnect: Proof<MassReconnect> = {
  name: 'h5-mass-reconnect',
  requirements: ['H5'],
  claim: {
    ja: '全員が同時に切れても、ばらつきのある再接続ですぐに戻り、ほかの利用者に影響しない',
    en: 'When all are lost at once all are back in seconds, by retries with jitter, and nobody else notices',
  },
  tried: {
    ja: '80 人が使う 1 本の回線を切り、その間ほかの 20 人はキーを押し続けました。次にゲートウェイを、その次に中継を強制終了して起動し直し、全員が開き直しました。',
    en: 'The one line of 80 people was cut while 20 others kept pressing keys; then the gateway, and after it the broker, was killed and started anew, and all opened again.',
  },
  needs: [],
  collect,
  judge: judgeReconnect,
};

async function collect(run: Run): Promise<MassReconnect> {
  const edge = await run.stage(edgeStage);
  const { bench, crowd } = edge;
  const { system, link } = bench;
  const quiet = await idle(edge, IDLE_MS);
  const watchBroker = watchMemory(system.processes.broker.pid);
  const watchGateway = watchMemory(system.processes.gateway.pid);
  await bench.load('return', { users: crowd });
  run.progress(0.2, 'a line breaks');
  const [keys, lineBroke] = await whileWorking(edge, async () => {
    link?.cut();
    return comingBack(edge, ['crowd'], performance.now());
  });
  const memory = { gateway: watchGateway(), broker: watchBroker() };
  run.progress(0.4, 'the gateway is killed');
  const gatewayRestarted = await killed(edge, 'gateway', memory);
  run.progress(0.7, 'the broker is killed');
  const brokerRestarted = await killed(edge, 'broker', memory);
  return { idle: quiet, keys, lineBroke, gatewayRestarted, brokerRestarted, memory };
}

/** @param memory of the old process, to which the most of the new one is added */
async function killed(edge: Edge, name: 'gateway' | 'broker', memory: MassReconnect['memory']): Promise<Back> {
  const { bench, crowd, witnesses } = edge;
  const { system } = bench;
  await bench.load('return', { users: crowd });
  await edge.witness('return', { users: witnesses });
  const old = system.processes[name];
  old.kill();
  await old.exited;
  await system.restart(name);
  const readyAt = performance.now();
  const watchNew = watchMemory(system.processes[name].pid);
  const back = await comingBack(edge, ['crowd', 'witnesses'], readyAt);
  memory[name].mostMiB = Math.max(memory[name].mostMiB, watchNew().mostMiB);
  // Whoever comes after finds it as before.
  await edge.witness('probe', { users: witnesses, perSecond: KEYS_PER_SECOND });
  return back;
}

async function comingBack(edge: Edge, groups: ('crowd' | 'witnesses')[], from: number): Promise<Back> {
  const loads = groups.map((group) =>
    group === 'crowd'
      ? { count: edge.crowd.length, load: edge.bench.load.bind(edge.bench) as Edge['witness'] }
      : { count: edge.witnesses.length, load: edge.witness },
  );
  const back: Back = { people: 0, lost: 0, returned: 0, allAfterMs: 0, failedTries: 0, why: {} };
  const lostNow = async () => {
    const states = await Promise.all(loads.map(({ load }) => load('status', null)));
    return states.reduce((sum, { lost, returned }) => sum + Object.keys({ ...lost, ...returned }).length, 0);
  };
  // A cut is noticed within a round trip; a status may come before that.
  for (let looks = 0; looks < 50 && back.lost === 0; looks++) {
    back.lost = await lostNow();
    if (back.lost === 0) await delay(20);
  }
  const times = await Promise.all(loads.map(({ load, count }) => untilOpen(load, count)));
  back.lost = Math.max(back.lost, await lostNow());
  back.allAfterMs = times.includes(null) ? null : performance.now() - from;
  for (const { load, count } of loads) {
    const { returned } = await load('status', null);
    back.people += count;
    back.returned += Object.keys(returned).length;
    for (const { failures } of Object.values(returned) as Returned[]) {
      back.failedTries += failures.length;
      for (const why of failures) back.why[why] = (back.why[why] ?? 0) + 1;
    }
  }
  return back;
}

export function judgeReconnect(seen: MassReconnect): Judgement {
  const { lineBroke, gatewayRestarted, brokerRestarted, memory } = seen;
  const complaints: Complaint[] = [
    keysHeld({ ja: '切れた回線の横', en: 'beside the broken line' }, seen.idle, seen.keys, LATER_MAX_MS),
    memoryHeld(GATEWAY, memory.gateway),
    memoryHeld(BROKER, memory.broker),
    ...cameBack('回線の断', 'after the line broke', lineBroke),
    ...cameBack('ゲートウェイの再起動', 'after the gateway', gatewayRestarted),
    ...cameBack('中継の再起動', 'after the broker', brokerRestarted, BACK_BY_BROKER_MAX_MS),
  ];
  const tries = [lineBroke, gatewayRestarted, brokerRestarted].map(({ failedTries }) => failedTries).join('/');
  return verdict(complaints, {
    ja: `回線の断のあと ${lineBroke.returned} 人が ${ms(lineBroke.allAfterMs)} で、ゲートウェイの再起動のあと ${gatewayRestarted.returned} 人が ${ms(gatewayRestarted.allAfterMs)} で、中継の再起動のあと ${brokerRestarted.returned} 人が ${ms(brokerRestarted.allAfterMs)} で戻りました。失敗した試みは ${tries} 回、その間ほかの利用者のキーの p95 は ${ms(seen.keys.p95Ms)} (平常 ${ms(seen.idle.p95Ms)})。`,
    en: `${lineBroke.returned} people were back ${ms(lineBroke.allAfterMs)} after the line broke, ${gatewayRestarted.returned} were back ${ms(gatewayRestarted.allAfterMs)} after the gateway served again, ${brokerRestarted.returned} ${ms(brokerRestarted.allAfterMs)} after the broker did; ${tries} tries failed, and p95 of the others' keys was ${ms(seen.keys.p95Ms)} (${ms(seen.idle.p95Ms)} idle).`,
  });
}

function cameBack(ja: string, en: string, back: Back, withinMs = BACK_MAX_MS): Complaint[] {
  const { people, lost, returned, allAfterMs, failedTries } = back;
  return [
    // The positive control: they had been gone.
    unless(
      people > 0 && lost >= people,
      `${ja}: ${people} 人のうち ${lost} 人しか切れていません`,
      `${en}: only ${lost} of ${people} were lost`,
    ),
    unless(
      returned === people && allAfterMs !== null && allAfterMs <= withinMs,
      `${ja}: ${people} 人のうち ${returned} 人が戻り、全員までに ${ms(allAfterMs)}`,
      `${en}: ${returned} of ${people} came back, all of them after ${ms(allAfterMs)}`,
    ),
    unless(
      failedTries <= FAILED_TRIES_MAX_EACH * people,
      `${ja}: 失敗した試みが ${failedTries} 回`,
      `${en}: ${failedTries} tries failed`,
    ),
  ];
}
