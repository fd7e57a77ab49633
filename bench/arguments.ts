// The command line of npm run bench: parsed once, each mistake one clear line with exit code 2.
import { resolve } from 'node:path';
import { TIER_LABELS, type TierLabel } from '#broker/tiers.ts';
import { parseArguments } from '#platform/process/args.ts';
import { Failure } from '#platform/process/exit.ts';
import { NAMES, type Name } from './scenarios/scenarios.ts';

const USAGE = `npm run bench [-- options]                 measures every scenario and writes a report, in some eight minutes
npm run bench -- --target URL --credentials DIR   loads another deployment of this gateway
npm run bench -- publish REPORT.json [MORE.json …]
                                           writes their numbers into README.md and docs/benchmarks.md;
                                           a scenario that a later one holds counts as it stands there
npm run bench -- peers [--install]         which relays stand beside ours here; installs those that are missing
npm run bench -- record                    records the workloads' traces anew, from real desktops

  --scenario A,B     ${NAMES.join(' ')} (default: all)
  --tier A,B         ${TIER_LABELS.join(' ')}
  --sessions N       1 to 1000 (default: each scenario's own)
  --seconds N        of each measurement, 1 to 600 (default 3)
  --rtt MS,MS        delay between client and gateway, both ways together, 0 to 500 (default 20); only fill takes several
  --hours N          of the soak, above 0 to 72 (default: as short as the others)
  --out DIR          where the report and the system under test are kept (default var/bench)
  --json             prints one object: the result of a single scenario, else the whole report

With --target, DIR holds one credentials folder for each user, as npm run connect keeps them, and in it totp.uri.
Everything runs on this machine's cores, clients included: read figures as ratios, and see docs/benchmarks.md.`;

const REPORTS_MAX = 8;

export interface Arguments {
  readonly command: 'run' | 'record' | 'peers' | 'publish';
  readonly scenarios: readonly Name[];
  readonly tiers: readonly TierLabel[] | null;
  readonly sessions: number | null;
  readonly seconds: number;
  readonly roundTripsMs: readonly [number, ...number[]];
  readonly hours: number | null;
  readonly target: { url: URL; credentials: string } | null;
  readonly out: string;
  readonly json: boolean;
  /** peers: install what is missing. */
  readonly install: boolean;
  /** publish: the reports. */
  readonly files: readonly string[];
}

/** @throws Failure with exit code 2 */
export function readArguments(args?: readonly string[]): Arguments {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values, positionals } = parseArguments(
    USAGE,
    {
      scenario: text,
      tier: text,
      sessions: text,
      seconds: { ...text, default: '3' },
      rtt: { ...text, default: '20' },
      hours: text,
      target: text,
      credentials: text,
      out: { ...text, default: 'var/bench' },
      json: flag,
      install: flag,
    },
    { positionals: 1 + REPORTS_MAX, ...(args ? { args } : {}) },
  );
  const [command = 'run', ...files] = positionals;
  if (!isCommand(command)) throw new Failure(`unknown command "${command}"; --help shows the usage`, 2);
  if (command !== 'publish' && files.length > 0) throw new Failure(`unexpected argument "${files[0]}"`, 2);
  if (command === 'publish' && files.length === 0) throw new Failure('the report is missing: publish REPORT.json', 2);
  return {
    command,
    scenarios: values.scenario === undefined ? NAMES : listOf('scenario', values.scenario, NAMES),
    tiers: values.tier === undefined ? null : listOf('tier', values.tier, TIER_LABELS),
    sessions: values.sessions === undefined ? null : wholeNumber('sessions', values.sessions, 1, 1_000),
    seconds: wholeNumber('seconds', values.seconds, 1, 600),
    roundTripsMs: roundTripsOf(values.rtt),
    hours: values.hours === undefined ? null : hoursOf(values.hours),
    target: targetOf(values.target, values.credentials),
    out: resolve(values.out),
    json: values.json,
    install: values.install,
    files,
  };
}

const COMMANDS = ['run', 'record', 'peers', 'publish'] as const;
const isCommand = (value: string): value is Arguments['command'] => COMMANDS.some((command) => command === value);

function listOf<T extends string>(flag: string, value: string, known: readonly T[]): T[] {
  return value.split(',').map((one) => {
    const found = known.find((name) => name === one);
    if (!found) throw new Failure(`unknown ${flag} "${one}"; there are ${known.join(', ')}`, 2);
    return found;
  });
}

function wholeNumber(flag: string, value: string, least: number, most: number): number {
  const number = Number(value);
  if (value === '' || !Number.isInteger(number) || number < least || number > most) {
    throw new Failure(`--${flag} must be a whole number from ${least} to ${most}`, 2);
  }
  return number;
}

function roundTripsOf(value: string): [number, ...number[]] {
  const [first = '', ...more] = value.split(',');
  const one = (ms: string) => wholeNumber('rtt', ms, 0, 500);
  return [one(first), ...more.map(one)];
}

function hoursOf(value: string): number {
  const hours = Number(value);
  if (!(hours > 0 && hours <= 72)) throw new Failure('--hours must be above 0, up to 72', 2);
  return hours;
}

function targetOf(url: string | undefined, credentials: string | undefined): Arguments['target'] {
  if (url === undefined && credentials === undefined) return null;
  if (!url || !credentials) throw new Failure('--target and --credentials go together', 2);
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed?.protocol !== 'https:') throw new Failure('--target must be https://host:port', 2);
  return { url: parsed, credentials: resolve(credentials) };
}
