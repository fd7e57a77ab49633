// The threat model: SECURITY.md's table of threats and docs/threat-model.md's table of adversaries, held against the code.
import { dirname } from 'node:path';

export interface Threat {
  readonly id: string;
  /** As the row names them: files without ".ts", or folders. */
  readonly guards: readonly string[];
  readonly tests: readonly string[];
}

export interface Adversary {
  readonly name: string;
  readonly threats: readonly string[];
  readonly rows: readonly string[];
}

/** By the requirement J4. */
export const WANTED_ADVERSARIES = [
  'stolen client',
  'malicious gateway',
  'malicious broker',
  'malicious insider',
  'compromised agent PC',
  'network attacker',
];

export function threatsOf(security: string): Threat[] {
  const rows = security.matchAll(/^\| (T\d\d) \| .*? \| (.*?) \| (.*?) \|$/gm);
  return [...rows].map(([, id = '', guards = '', tests = '']) => ({
    id,
    guards: guardsOf(guards),
    tests: tests.split(', '),
  }));
}

/** "platform/hop/pump, sender; rfb" are two files of one folder, and a folder. */
function guardsOf(cell: string): string[] {
  const names = cell.replace(/ \([^)]*\)/g, '').split(/[,;] ?/);
  return names
    .filter((name) => /^[\w/-]+$/.test(name))
    .flatMap((name, i) =>
      name.includes('/') || i === 0 ? [name] : [name, `${dirname(names[i - 1] as string)}/${name}`],
    );
}

export function adversariesOf(model: string): Adversary[] {
  const rows = model.matchAll(/^\| ([^|]+) \| [^|]+ \| [^|]+ \| (T\d\d[^|]*) \| ([^|]+) \| [^|]+ \|$/gm);
  return [...rows].map(([, name = '', threats = '', evidence = '']) => ({
    name,
    threats: threats.split(', '),
    rows: evidence.split(', '),
  }));
}

/** @param files path from the root → text, of the product and of tests/attacks */
export interface Grounds {
  readonly security: string;
  readonly model: string;
  readonly files: ReadonlyMap<string, string>;
  readonly rows: ReadonlySet<string>;
}

/** @returns a line for each threat without a guard that names it, a test or an adversary, and each name that leads nowhere */
export function modelFaults({ security, model, files, rows }: Grounds): string[] {
  const threats = threatsOf(security);
  const adversaries = adversariesOf(model);
  const ids = new Set(threats.map(({ id }) => id));
  const names = adversaries.map(({ name }) => name);
  const inCode = new Set(
    [...files].filter(([path]) => !path.startsWith('tests/')).flatMap(([, text]) => text.match(/\bT\d\d\b/g) ?? []),
  );
  return [
    ...threats.flatMap((threat) => threatFaults(threat, files)),
    ...threats
      .filter(({ id }) => !adversaries.some((one) => one.threats.includes(id)))
      .map(({ id }) => `${id}: no adversary`),
    ...[...inCode].filter((id) => !ids.has(id)).map((id) => `${id}: in the code, and not in SECURITY.md`),
    ...adversaries.flatMap(({ name, threats: own }) =>
      own.filter((id) => !ids.has(id)).map((id) => `${name}: no threat ${id}`),
    ),
    ...adversaries.flatMap(({ name, rows: own }) =>
      own.filter((id) => !rows.has(id)).map((id) => `${name}: no row ${id}`),
    ),
    ...WANTED_ADVERSARIES.filter((name) => !names.includes(name)).map((name) => `${name}: no such adversary`),
  ];
}

function threatFaults({ id, guards, tests }: Threat, files: Grounds['files']): string[] {
  const guarding = [...files].filter(([path]) =>
    guards.some((guard) => path === `${guard}.ts` || path.startsWith(`${guard}/`)),
  );
  return [
    ...(guarding.some(([, text]) => text.includes(id)) ? [] : [`${id}: no file that the row names has the id in it`]),
    ...tests.filter((test) => !files.has(`tests/attacks/${test}.test.ts`)).map((test) => `${id}: no test ${test}`),
  ];
}
