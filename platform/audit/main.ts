// npm run audit: what a person asks of audit logs, offline.
import { parseArguments } from '../process/args.ts';
import { type ExitCode, Failure, runCommand } from '../process/exit.ts';
import { keptAnchors, readAnchors, thinned } from './anchor-file.ts';
import { compareLogs, SessionLog, ZONES } from './compare.ts';
import { logAt } from './reading.ts';
import { report } from './report/command.ts';
import { tellComparison, tellVerdict } from './tell.ts';
import { type Verdict, verifyLog } from './verify.ts';

const USAGE = `
npm run audit -- verify [--anchor FILE]… FILE|FOLDER…
npm run audit -- anchors FILE|FOLDER…
npm run audit -- compare --gateway PATH --broker PATH --agent PATH [--skew SECONDS]
npm run audit -- report --out FOLDER PATH…
監査ログの検証 / verifies audit logs, offline, on a copy as well

  verify   finds edit, deletion, insertion and reordering, and checks the signatures; with an anchor also a cut end
  anchors  takes the checkpoints of other zones that a log kept into a small file, on stdout
  compare  finds sessions that the log of one zone has and that of another has not
  report   writes an auditor's CSV files from logs that verify; report --help says more

  FILE|FOLDER    all files of one log: of one gateway, broker or agent. A folder stands for audit*.jsonl in it and in
                 its archive/; there, what is missing in front must be said by the log itself
  --anchor FILE  another zone's log (file or folder), or what "anchors" made. May be given more than once
  --gateway, --broker, --agent PATH   a log, as a file or folder; --gateway and --agent may be given more than once
  --skew SECONDS how far the clocks may be apart; 120 if left out
  --json         print one object
  --help         this text

Exit: 0 nothing found, 1 changed or something does not fit, 2 bad arguments, 3 a file could not be read.
`;

const PATHS_MAX = 10_000;
const several = { type: 'string', multiple: true } as const;
const json = { type: 'boolean' } as const;

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<ExitCode>>> = {
  verify,
  anchors,
  compare,
  report,
};

await runCommand(async () => {
  const [name = '', ...args] = process.argv.slice(2);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command) return command(args);
  parseArguments(USAGE, {}, { positionals: 1 });
  throw new Failure('"verify", "anchors", "compare" or "report" expected; --help shows the usage', 2);
});

async function verify(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(USAGE, { anchor: several, json }, { args, positionals: PATHS_MAX });
  if (positionals.length === 0) throw new Failure('"verify FILE|FOLDER" expected; --help shows the usage', 2);
  const anchors = (await Promise.all((values.anchor ?? []).map(readAnchors))).flat();
  const { files, whole } = logAt(positionals);
  const verdict = await verifyLog(files, { anchors, whole });
  const names = files.map(({ name }) => name);
  print(values.json ? JSON.stringify({ files: names, ...verdict }) : tellVerdict(names, verdict));
  return verdict.intact ? 0 : 1;
}

async function anchors(args: readonly string[]): Promise<ExitCode> {
  const { positionals } = parseArguments(USAGE, {}, { args, positionals: PATHS_MAX });
  const [name] = positionals;
  if (name === undefined) throw new Failure('"anchors FILE|FOLDER" expected; --help shows the usage', 2);
  const kept = thinned(await keptAnchors(logAt(positionals), name));
  if (kept.length === 0) throw new Failure(`${name}: keeps no anchor of another log`);
  print(kept.map((one) => JSON.stringify(one)).join('\n'));
  return 0;
}

async function compare(args: readonly string[]): Promise<ExitCode> {
  const options = { gateway: several, broker: several, agent: several, skew: { type: 'string' }, json } as const;
  const { values } = parseArguments(USAGE, options, { args });
  const skew = Number(values.skew ?? '120');
  if (!Number.isInteger(skew) || skew < 0 || skew > 86_400) throw new Failure('--skew is 0 to 86400 seconds', 2);
  const given = ZONES.flatMap((zone) => (values[zone] ?? []).map((path) => ({ zone, path })));
  if (new Set(given.map(({ zone }) => zone)).size < 2) {
    throw new Failure('at least two of --gateway, --broker and --agent expected; --help shows the usage', 2);
  }
  const logs: SessionLog[] = [];
  const verdicts: (Verdict & { path: string })[] = [];
  for (const { zone, path } of given) {
    const log = new SessionLog(zone);
    const { files, whole } = logAt([path]);
    verdicts.push({ path, ...(await verifyLog(files, { whole, onLine: (line) => log.add(line) })) });
    logs.push(log);
  }
  const findings = compareLogs(logs, skew * 1_000);
  const sessions = new Set(logs.flatMap((log) => [...log.sessions.keys()])).size;
  print(
    values.json
      ? JSON.stringify({ sessions, findings, logs: verdicts.map(({ path, intact }) => ({ path, intact })) })
      : tellComparison(sessions, findings, verdicts),
  );
  return findings.some(({ kind }) => kind !== 'undecided') || verdicts.some(({ intact }) => !intact) ? 1 : 0;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
