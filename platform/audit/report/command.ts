// npm run audit -- report
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MUNICIPALITY } from '#protocol/names.ts';
import { parseArguments } from '../../process/args.ts';
import { type ExitCode, Failure } from '../../process/exit.ts';
import { makePrivateFolder } from '../../process/private-folder.ts';
import { readAnchors } from '../anchor-file.ts';
import { logsAt } from '../reading.ts';
import { makeReport, type Report } from './report.ts';
import { csvOf, startOfDay } from './table.ts';

const USAGE = `
npm run audit -- report --out FOLDER [--from DAY] [--to DAY] [--municipality CODE] [--anchor FILE]… PATH…
npm run audit -- report --json …
監査用の報告書（CSV） / an auditor's report, offline, from logs that verify

  PATH                 a log of gateway, broker or agent, as a file or folder; files of one log are put together
  --out FOLDER         gets logs.csv, sessions.csv, days.csv, failures.csv, revocations.csv and policies.csv
  --from DAY, --to DAY the days asked for, both included, as 2026-04-01; Japan's time
  --municipality CODE  one municipality's events only
  --anchor FILE        as in verify
  --json               print one object instead
  --help               this text

Exit: 0 done, 1 a log does not verify or a file is there already, 2 bad arguments, 3 a file could not be read.
`;

const PATHS_MAX = 10_000;
const DAY_MS = 86_400_000;
const several = { type: 'string', multiple: true } as const;
const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

export async function report(args: readonly string[]): Promise<ExitCode> {
  const options = { out: text, from: text, to: text, municipality: text, anchor: several, json: flag } as const;
  const { values, positionals } = parseArguments(USAGE, options, { args, positionals: PATHS_MAX });
  const { out, json = false, municipality = null } = values;
  if (positionals.length === 0) throw new Failure('"report PATH…" expected; --help shows the usage', 2);
  if (json === (out !== undefined)) throw new Failure('either --out FOLDER or --json expected', 2);
  if (municipality !== null && !MUNICIPALITY.test(municipality)) throw new Failure('--municipality is six digits', 2);
  const from = values.from === undefined ? Number.NEGATIVE_INFINITY : day('--from', values.from);
  const to = values.to === undefined ? Number.POSITIVE_INFINITY : day('--to', values.to) + DAY_MS;
  const anchors = (await Promise.all((values.anchor ?? []).map(readAnchors))).flat();
  const made = await makeReport(logsAt(positionals), { from, to, municipality, anchors });
  if (out === undefined) process.stdout.write(`${JSON.stringify(rowsOf(made))}\n`);
  else writeTables(out, made);
  return 0;
}

function day(flag: string, value: string): number {
  const start = startOfDay(value);
  if (Number.isNaN(start)) throw new Failure(`${flag} is a day such as 2026-04-01`, 2);
  return start;
}

function rowsOf(made: Report) {
  return Object.fromEntries(Object.entries(made).map(([name, { rows }]) => [name, rows]));
}

/** Never over another report. */
function writeTables(folder: string, made: Report): void {
  makePrivateFolder(folder);
  for (const [name, table] of Object.entries(made)) {
    const path = join(folder, `${name}.csv`);
    try {
      writeFileSync(path, csvOf(table), { flag: 'wx', mode: 0o600 });
    } catch (error) {
      throw new Failure(`${path}: cannot be written (${(error as NodeJS.ErrnoException).code})`);
    }
    process.stdout.write(`${path}: ${table.rows.length}\n`);
  }
}
