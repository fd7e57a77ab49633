// H7, the short one: sessions are opened and closed by the hundred; open files are what they were, and memory does not climb
// from round to round. npm run bench -- --scenario soak does it for as long as one likes.
import { setTimeout as delay } from 'node:timers/promises';
import { rssOf } from '#bench/processes.ts';
import type { Judgement, Proof, Run } from '../proof.ts';
import { type Complaint, unless, verdict } from './bounds.ts';
import { edgeStage, untilOpen } from './stage.ts';
import { filesOf } from './watched.ts';

const ROUNDS = 3;
const PEOPLE = 40;
const SETTLE_MS = 300;
/** Keep-alive connections of the clients come and go. */
const FILES_TOLERANCE = 8;
/** From the second round to the last: the first fills caches. */
const GROWTH_MAX_MIB = 32;

export interface Round {
  opened: number;
  files: number;
  rssMiB: number;
}

export interface Flat {
  /** By process, after each round, with everybody's session open. */
  rounds: Record<'gateway' | 'broker', Round[]>;
}

export const flat: Proof<Flat> = {
  name: 'h7-short-soak',
  requirements: ['H7'],
  claim: {
    ja: 'セッションを何度も開閉しても、開いているファイルもメモリーも増えない',
    en: 'However often sessions are opened and closed, open files and memory stay as they were',
  },
  tried: {
    ja: `${PEOPLE} 人が ${ROUNDS} 回、閉じては開きました。長い試験は npm run bench -- --scenario soak で行えます。`,
    en: `${PEOPLE} people closed and opened ${ROUNDS} times; npm run bench -- --scenario soak goes on for longer.`,
  },
  needs: [],
  collect,
  judge: judgeFlat,
};

async function collect(run: Run): Promise<Flat> {
  const { bench, crowd } = await run.stage(edgeStage);
  const users = crowd.slice(-PEOPLE);
  const rounds: Flat['rounds'] = { gateway: [], broker: [] };
  for (let round = 0; round < ROUNDS; round++) {
    run.progress(round / ROUNDS, `round ${round + 1}`);
    await bench.load('close', { users });
    await delay(SETTLE_MS);
    const { ms, failures } = await bench.load('open', { users });
    if (failures.length > 0) throw new Error(failures[0]);
    await untilOpen((command, body) => bench.load(command, body), crowd.length);
    await delay(SETTLE_MS);
    for (const name of ['gateway', 'broker'] as const) {
      const { pid } = bench.system.processes[name];
      rounds[name].push({ opened: ms.length, files: filesOf(pid), rssMiB: Math.round(rssOf(pid) / 2 ** 20) });
    }
  }
  return { rounds };
}

export function judgeFlat({ rounds }: Flat): Judgement {
  const complaints: Complaint[] = Object.entries(rounds).flatMap(([name, each]) => {
    const [first, second] = each;
    const last = each.at(-1);
    if (!first || !second || !last || each.length < ROUNDS) {
      return [{ ja: `${name} を観測できていません`, en: `${name} was not watched` }];
    }
    return [
      unless(
        each.every(({ opened, files }) => opened === PEOPLE && files > PEOPLE),
        `${name}: 全員が開けていません`,
        `${name}: not everybody's session was open`,
      ),
      unless(
        Math.abs(last.files - first.files) <= FILES_TOLERANCE,
        `${name}: 開いているファイルが ${first.files} から ${last.files} になりました`,
        `${name}: open files went from ${first.files} to ${last.files}`,
      ),
      unless(
        last.rssMiB - second.rssMiB <= GROWTH_MAX_MIB,
        `${name}: メモリーが ${second.rssMiB} から ${last.rssMiB} MiB になりました`,
        `${name}: memory went from ${second.rssMiB} to ${last.rssMiB} MiB`,
      ),
    ];
  });
  const told = Object.entries(rounds).map(
    ([name, each]) =>
      `${name} ${each.map(({ files }) => files).join('/')} files, ${each.map(({ rssMiB }) => rssMiB).join('/')} MiB`,
  );
  return verdict(complaints, { ja: `各回の後: ${told.join('、')}`, en: `after each round: ${told.join('; ')}` });
}
