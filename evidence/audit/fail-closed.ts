// G4: a log that cannot be written, or that its collector does not get, lets no session start. What runs goes on, the operators
// are told, and all of it recovers by itself.
import { execFile } from 'node:child_process';
import { cpSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Judgement, Proof } from '../proof.ts';
import type { View } from '../secrecy/client.ts';
import { PROCESSES, parse, readLines } from './logs.ts';
import { BEHIND_SECONDS, type ShippedSystem, shippedSystem, tryToOpen } from './shipped-stage.ts';

/** One failure, from when it is made until it is gone. */
export interface Outage {
  /** Processes that said 0 of telework_audit_healthy while it lasted, and of those that said 1 again afterwards. */
  unhealthy: string[];
  healthyAgain: string[];
  /** What a user who is signed in got: before, during and after. */
  opening: { before: string; during: string; after: string };
  /** A session that ran before it: whether it still answered keys during it and afterwards. */
  running: { during: boolean; after: boolean };
  /** Lines in the operators' logs that say so. */
  alarms: number;
  seconds: { untilRefused: number; untilBack: number };
}

export interface FailClosed {
  behindSeconds: number;
  collector: Outage & {
    /** Lines of each log that the collector has, those that were sent twice counted once; and how many there are. */
    collected: { process: string; lines: number; written: number; same: boolean }[];
    faults: string[];
    /** `shipping-overdue` and `shipping-resumed` in the three logs. */
    events: { overdue: number; resumed: number };
  };
  disk: Outage & {
    /** What the gateway's log says was not written. */
    lost: number;
  };
}

const DESKTOP = { running: 0, tried: 1 } as const;

export const failClosedProof: Proof<FailClosed> = {
  name: 'g4-fail-closed',
  requirements: ['G4'],
  claim: {
    ja: '監査ログは TLS の syslog で別のサーバーへ送られ、送れないときも書けないときも新しい接続は始まらず、直れば自動で再開する',
    en: 'Audit events go to another server by syslog over TLS; while they cannot be sent or written no session starts, and it recovers by itself',
  },
  tried: {
    ja: `3 プロセスから RFC 5424・5425 の収集サーバーへ送らせ、接続中に収集サーバーを落とした（許す遅れ ${BEHIND_SECONDS} 秒）。次にゲートウェイのファイルの大きさを制限してディスク満杯を起こした。それぞれの前・最中・後に新しい接続を試し、動いている接続にはキーを送り続けた`,
    en: `Three processes shipped to a collector (RFC 5424, 5425), which was killed during a session (${BEHIND_SECONDS} s behind allowed); then the gateway's files were kept from growing, as on a full disk. Before, during and after each a session was opened, and keys went to the one that ran`,
  },
  needs: [{ program: 'prlimit', package: 'util-linux' }],

  async collect(run) {
    const stage = await run.stage(shippedSystem);
    const view = await stage.clients[0].view(stage.system.desktops[DESKTOP.running] ?? '');
    try {
      run.progress(0.2, 'the collector is gone');
      const collector = await collectorGone(stage, view);
      run.progress(0.7, 'the disk is full');
      const disk = await diskFull(stage, view);
      return { behindSeconds: BEHIND_SECONDS, collector, disk };
    } finally {
      view.session.end();
      await view.ended;
      for (const process of PROCESSES) {
        cpSync(join(stage.system.folder, 'log', `${process}.log`), join(run.folder, `${process}.log`));
        cpSync(join(stage.system.folder, process, 'state', 'audit.jsonl'), join(run.folder, `${process}.audit.jsonl`));
      }
    }
  },

  judge({ collector, disk }): Judgement {
    const problems = [
      ...problemsOf('collector', collector, PROCESSES),
      ...problemsOf('disk', disk, ['gateway']),
      ...collector.collected
        .filter(({ same, written }) => !same || written < 3)
        .map(({ process, lines, written }) => `the collector has ${lines} of the ${written} lines of ${process}`),
      ...collector.faults.slice(0, 2).map((fault) => `the collector found ${fault}`),
      ...(collector.events.overdue >= 3 && collector.events.resumed >= 3
        ? []
        : ['the logs do not say how long they were not shipped']),
      ...(disk.lost > 0 ? [] : ['the log does not say that events were lost']),
    ];
    if (problems.length > 0) {
      const why = problems.slice(0, 5).join('; ');
      return { result: 'fail', seen: { ja: `要件どおりに止まらない: ${why}`, en: why } };
    }
    const lines = collector.collected.reduce((sum, one) => sum + one.written, 0);
    const { untilRefused, untilBack } = collector.seconds;
    return {
      result: 'pass',
      seen: {
        ja: `収集サーバーを落とすと ${untilRefused.toFixed(1)} 秒後から、ディスク満杯では直ちに、新しい接続は「${collector.opening.during}」で断られ、動いている接続は続いた。復旧後 ${untilBack.toFixed(1)} 秒で再開し、${lines} 行すべてが欠けずに届いた。書けなかった ${disk.lost} 件はログ自身に残る`,
        en: `New sessions were refused with ${collector.opening.during} ${untilRefused.toFixed(1)} s after the collector was killed, and at once on the full disk, while the running one went on; ${untilBack.toFixed(1)} s after it was back they started again, and all ${lines} lines had arrived. The ${disk.lost} events that could not be written are counted in the log`,
      },
    };
  },
};

function problemsOf(what: string, outage: Outage, processes: readonly string[]): string[] {
  const { opening, running, unhealthy, healthyAgain, alarms } = outage;
  return [
    ...(opening.before === 'opened' ? [] : [`${what}: nothing could be opened before (${opening.before})`]),
    ...(opening.during === 'UNAVAILABLE' ? [] : [`${what}: a new session got ${opening.during}`]),
    ...(opening.after === 'opened' ? [] : [`${what}: nothing could be opened afterwards (${opening.after})`]),
    ...(running.during && running.after ? [] : [`${what}: the running session did not go on`]),
    ...processes.filter((one) => !unhealthy.includes(one)).map((one) => `${what}: ${one} counted as healthy`),
    ...processes.filter((one) => !healthyAgain.includes(one)).map((one) => `${what}: ${one} did not recover`),
    ...(alarms >= processes.length ? [] : [`${what}: ${alarms} alarms`]),
  ];
}

async function collectorGone(stage: ShippedSystem, view: View): Promise<FailClosed['collector']> {
  const { system, collector, metric, until, clients } = stage;
  const desktop = system.desktops[DESKTOP.tried] ?? '';
  const before = await tryToOpen(clients[1], desktop);
  const all = (healthy: number) => async () =>
    (await Promise.all(PROCESSES.map((one) => metric(one, 'telework_audit_healthy')))).every((is) => is === healthy);
  const collected = new Map<string, Set<string>>();
  const keep = () => {
    for (const { program, line } of collector.current.messages) {
      const name = program.replace(/^telework-/, '');
      collected.set(name, (collected.get(name) ?? new Set()).add(line.toString('utf8')));
    }
    return [...collector.current.faults];
  };
  const faults = keep();
  const killed = performance.now();
  await collector.current.kill();
  // Not far enough behind yet, and something to be behind with at each of the three.
  await tryToOpen(clients[1], desktop);
  await until('all three notice that the collector is gone', all(0));
  const refused = performance.now();
  const unhealthy = await processesAt(stage, 0);
  const during = await tryToOpen(clients[1], desktop);
  const goesOn = await answersKeys(view, until);

  const back = performance.now();
  await stage.collectAnew();
  await until('all three recover', all(1));
  const recovered = performance.now();
  const healthyAgain = await processesAt(stage, 1);
  const after = await tryToOpen(clients[1], desktop);
  const goesOnAfter = await answersKeys(view, until);
  // As they are at one moment: each log grows by a heartbeat a minute, whatever is looked at.
  const logs = new Map<string, string[]>();
  await until('the collector has everything', () => {
    for (const name of PROCESSES)
      logs.set(
        name,
        readLines(join(system.folder, name, 'state')).flatMap(({ lines }) => lines),
      );
    keep();
    return PROCESSES.every((name) => logs.get(name)?.every((line) => collected.get(name)?.has(line)));
  });
  faults.push(...keep());
  const events = [...logs.values()].flat().map((line) => parse(line).event);
  return {
    ...{ unhealthy, healthyAgain, opening: { before, during, after } },
    running: { during: goesOn, after: goesOnAfter },
    alarms: alarmsIn(system.folder, 'THE COLLECTOR DOES NOT HAVE THE AUDIT LOG'),
    seconds: { untilRefused: (refused - killed) / 1000, untilBack: (recovered - back) / 1000 },
    collected: PROCESSES.map((process) => {
      const [lines, got] = [logs.get(process) ?? [], collected.get(process) ?? new Set()];
      return { process, lines: got.size, written: lines.length, same: lines.every((line) => got.has(line)) };
    }),
    faults,
    events: {
      overdue: events.filter((event) => event === 'shipping-overdue').length,
      resumed: events.filter((event) => event === 'shipping-resumed').length,
    },
  };
}

/** No file of the gateway may grow any more: for it, that is a full disk. */
async function diskFull(stage: ShippedSystem, view: View): Promise<FailClosed['disk']> {
  const { system, metric, until, clients } = stage;
  const { pid } = system.processes.gateway;
  const state = join(system.folder, 'gateway', 'state');
  const desktop = system.desktops[DESKTOP.tried] ?? '';
  const limit = (bytes: number | 'unlimited') =>
    promisify(execFile)('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
  const healthy = () => metric('gateway', 'telework_audit_healthy');
  const before = await tryToOpen(clients[1], desktop);
  const made = performance.now();
  await limit(statSync(join(state, 'audit.jsonl')).size);
  try {
    const first = await tryToOpen(clients[1], desktop);
    await until('the gateway notices that the disk is full', async () => (await healthy()) === 0);
    const refused = performance.now();
    const second = await tryToOpen(clients[1], desktop);
    const unhealthy = await processesAt(stage, 0);
    const goesOn = await answersKeys(view, until);
    await limit('unlimited');
    const back = performance.now();
    // The first event that can be written again ends it: here the refusal of whoever is too early.
    let after = '';
    await until('the gateway recovers', async () => {
      after = await tryToOpen(clients[1], desktop);
      return after === 'opened';
    });
    const lost = readLines(state)
      .flatMap(({ lines }) => lines.map(parse))
      .filter(({ event }) => event === 'events-lost')
      .reduce((sum, { fields }) => sum + Number(fields.lost), 0);
    return {
      ...{ unhealthy, healthyAgain: await processesAt(stage, 1), lost },
      // Neither may have been let in.
      opening: { before, during: first === 'opened' ? first : second, after },
      running: { during: goesOn, after: await answersKeys(view, until) },
      alarms: alarmsIn(system.folder, 'AUDIT LOG CANNOT BE WRITTEN'),
      seconds: { untilRefused: (refused - made) / 1000, untilBack: (performance.now() - back) / 1000 },
    };
  } finally {
    await limit('unlimited');
  }
}

async function processesAt({ metric }: ShippedSystem, healthy: number): Promise<string[]> {
  const said = await Promise.all(
    PROCESSES.map(async (process) => ({ process, is: await metric(process, 'telework_audit_healthy') })),
  );
  return said.filter(({ is }) => is === healthy).map(({ process }) => process);
}

/** A key goes in and another picture comes out. */
async function answersKeys(view: View, until: ShippedSystem['until']): Promise<boolean> {
  const before = view.picture.drawn;
  for (const down of [true, false]) view.session.input({ type: 'key', down, keysym: 0x61 });
  await until('the running session answers a key', () => view.end !== null || view.picture.drawn > before);
  return view.end === null;
}

function alarmsIn(folder: string, text: string): number {
  const logs = PROCESSES.map((process) => readFileSync(join(folder, 'log', `${process}.log`), 'utf8'));
  return logs
    .join('')
    .split('\n')
    .filter((line) => line.includes(text)).length;
}
