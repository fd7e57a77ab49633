// G5: the logs of a live system go on over files that are closed early, and hold one chain; kept by the defaults for five
// years of a clock that runs ahead, files go to the archive after a year and away after three more, and the log says so.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { openAudit } from '#platform/audit/chain.ts';
import { auditSchema } from '#platform/audit/config.ts';
import { closedFiles } from '#platform/audit/files.ts';
import { logAt } from '#platform/audit/reading.ts';
import { verifyLog } from '#platform/audit/verify.ts';
import { createLog } from '#platform/process/log.ts';
import type { Judgement, Proof } from '../proof.ts';
import { copyLogs, PROCESSES, type ProcessName, parse, readLines } from './logs.ts';
import { auditSystem, FILE_BYTES } from './stage.ts';

const DAY_MS = 24 * 3_600_000;
const YEARS = 5;
const STEP_DAYS = 50;
/** The files lie STEP_DAYS apart, so the oldest that is kept may be that much younger than the limit. */
const ONLINE_MIN_DAYS = 365;
const ARCHIVE_MIN_DAYS = 3 * 365;

export interface Rotation {
  live: {
    process: ProcessName;
    /** As a whole, and with one file in the middle left out. */
    intact: boolean;
    intactWithoutOne: boolean;
    files: { name: string; bytes: number; firstEvent: string; lastEvent: string }[];
  }[];
  limitBytes: number;
  years: {
    defaults: { onlineDays: number; archiveDays: number };
    intact: boolean;
    /** What the log says about what came before its first file. */
    before: 'archived' | 'removed' | null;
    /** Days since the last event of the oldest file that is still there, and of the newest that is not there any more. */
    online: { oldestKeptDays: number; files: number };
    archive: { oldestKeptDays: number; files: number };
    removed: number;
  };
}

export const rotationProof: Proof<Rotation> = {
  name: 'g5-rotation',
  requirements: ['G5'],
  claim: {
    ja: '監査ログはファイルが切り替わっても一本の連鎖として検証でき、既定で 1 年以上は手元に、その後 3 年は書庫に残る',
    en: 'The log verifies as one chain over its files, and is kept for a year online and three more in the archive by default',
  },
  tried: {
    ja: `動作中の 3 プロセスでファイルを ${FILE_BYTES} バイトで切り替え、全体と 1 ファイル欠けた写しを検証した。既定の設定で時計を ${YEARS} 年進め、書庫への移動と削除を確かめた`,
    en: `Three live processes closed files at ${FILE_BYTES} bytes; the whole and copies that lack one file were verified. With the default settings a clock ran ahead by ${YEARS} years`,
  },
  needs: [],

  async collect(run) {
    const { system } = await run.stage(auditSystem);
    const copies = copyLogs(system, run.folder);
    const live = [];
    for (const process of PROCESSES) live.push(await lookAt(process, copies[process]));
    run.progress(0.5, `${YEARS} years`);
    return { live, limitBytes: FILE_BYTES, years: await years(join(run.folder, 'years')) };
  },

  judge({ live, limitBytes, years }): Judgement {
    const { defaults, online, archive } = years;
    const files = live.reduce((sum, one) => sum + one.files.length, 0);
    const problems = [
      ...live.filter(({ files }) => files.length < 3).map(({ process }) => `${process} closed fewer than two files`),
      ...live.filter(({ intact }) => !intact).map(({ process }) => `the files of ${process} are not one chain`),
      ...live
        .filter(({ intactWithoutOne }) => intactWithoutOne)
        .map(({ process }) => `a file of ${process} that is missing is not noticed`),
      ...live
        .filter(({ files }) =>
          files.slice(0, -1).some(({ bytes, lastEvent }) => bytes < limitBytes / 2 || lastEvent !== 'checkpoint'),
        )
        .map(({ process }) => `${process} closed a file early or without a checkpoint`),
      ...(defaults.onlineDays >= ONLINE_MIN_DAYS && defaults.archiveDays >= ARCHIVE_MIN_DAYS
        ? []
        : ['the default times are too short']),
      ...(online.oldestKeptDays >= ONLINE_MIN_DAYS - STEP_DAYS && online.oldestKeptDays <= defaults.onlineDays
        ? []
        : [`the oldest file online is ${online.oldestKeptDays} days old`]),
      ...(archive.oldestKeptDays >= ONLINE_MIN_DAYS + ARCHIVE_MIN_DAYS - STEP_DAYS &&
      archive.oldestKeptDays <= defaults.onlineDays + defaults.archiveDays
        ? []
        : [`the oldest file in the archive is ${archive.oldestKeptDays} days old`]),
      ...(years.removed > 0 && years.before === 'removed' ? [] : ['the log does not say what was removed']),
      ...(years.intact ? [] : ['what is left does not verify']),
    ];
    if (problems.length > 0) {
      const why = problems.slice(0, 5).join('; ');
      return { result: 'fail', seen: { ja: `保存が要件どおりでない: ${why}`, en: why } };
    }
    return {
      result: 'pass',
      seen: {
        ja: `${files} ファイルに分かれた 3 つのログが一本の連鎖として正しく、1 ファイル欠けると検出した。最も古いものは手元で ${online.oldestKeptDays} 日、書庫で ${archive.oldestKeptDays} 日前の記録。削除はログ自身に残る`,
        en: `Three logs in ${files} files are one chain each, and a missing file is found. The oldest file is ${online.oldestKeptDays} days old online, ${archive.oldestKeptDays} in the archive; what was removed is said in the log`,
      },
    };
  },
};

async function lookAt(process: ProcessName, folder: string): Promise<Rotation['live'][number]> {
  const { files, whole } = logAt([folder]);
  const middle = Math.floor((files.length - 1) / 2);
  const { intact } = await verifyLog(files, { whole });
  const rest = logAt([folder]).files.toSpliced(middle, 1);
  const { intact: intactWithoutOne } = await verifyLog(rest, { whole });
  return {
    ...{ process, intact, intactWithoutOne },
    files: readLines(folder).map(({ file, lines }) => ({
      name: file,
      bytes: lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0),
      firstEvent: parse(lines[0]).event,
      lastEvent: parse(lines.at(-1)).event,
    })),
  };
}

/** The log of a process that starts every 50 days, writes and stops, under the default settings. */
async function years(folder: string): Promise<Rotation['years']> {
  const defaults = auditSchema.parse({});
  const path = join(folder, 'audit.jsonl');
  const archive = join(folder, 'archive');
  let now = Date.UTC(2026, 3, 1);
  const end = now + YEARS * 365 * DAY_MS;
  for (; now < end; now += STEP_DAYS * DAY_MS) {
    const log = createLog('years', { write() {} });
    const audit = openAudit({ path, source: 'broker', now: () => now, heartbeatMs: 0, log, config: defaults });
    // Moving and removing is done in this turn, since all of it is on one volume.
    await setImmediate();
    audit.close();
  }
  const ageOf = (path = '') => {
    const [last = '{}'] = readFileSync(path, 'utf8').trimEnd().split('\n').slice(-1);
    return Math.round((now - STEP_DAYS * DAY_MS - Date.parse(JSON.parse(last).time)) / DAY_MS);
  };
  const online = closedFiles(path);
  const archived = closedFiles(path, archive);
  const events: string[] = [];
  const { files, whole } = logAt([folder]);
  const { intact, before } = await verifyLog(files, { whole, onLine: ({ event }) => events.push(event) });
  const seen = {
    ...{ defaults: { onlineDays: defaults.onlineDays, archiveDays: defaults.archiveDays }, intact },
    before: before?.said ?? null,
    online: { oldestKeptDays: ageOf(online[0]?.path), files: online.length },
    archive: { oldestKeptDays: ageOf(archived[0]?.path), files: archived.length },
    removed: events.filter((event) => event === 'log-removed').length,
  };
  rmSync(join(folder, 'audit.keys'), { force: true });
  return seen;
}
