// The command line of npm run evidence: parsed once, each mistake one clear line with exit code 2.
import { resolve } from 'node:path';
import { parseArguments } from '#platform/process/args.ts';
import { Failure } from '#platform/process/exit.ts';
import { REQUIREMENTS, type RequirementId } from './requirements.ts';
import { TOPICS, type Topic } from './topics.ts';

const USAGE = `npm run evidence [-- options]            要件ごとに実機で確かめ、報告書を作ります / proves every requirement live
npm run evidence -- list                 the proofs, by topic
npm run evidence -- verify DIR [--key PUBLIC.pem]
                                         whether a report and its artefacts are as they were signed

  --only A,B    requirement ids (C1), proofs (c1-internet) or topics (tls): only these
  --key FILE    the reviewer's private key (PEM, EC P-256 or Ed25519): signs the report instead of a key of the run;
                for verify, the public one that it must be signed with
  --out DIR     where report.html, report.json and the artefacts go (default var/evidence); an earlier report there is replaced
  --json        prints one object: rows, signature, versions
  --help        this text

As root on Linux everything runs; otherwise the report names what could not run, and why.
Exit: 0 all passed, 1 something failed, 2 bad arguments, 3 something could not run.`;

export interface Arguments {
  readonly command: 'run' | 'list' | 'verify';
  /** Those that were asked for, with the proofs that were asked for. */
  readonly topics: readonly Topic[];
  /** Whose rows are shown. */
  readonly wanted: (id: RequirementId) => boolean;
  readonly whole: boolean;
  readonly key: string | null;
  readonly out: string;
  readonly json: boolean;
}

/** @throws Failure with exit code 2 */
export function readArguments(args?: readonly string[]): Arguments {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArguments(
    USAGE,
    { only: text, key: text, out: { ...text, default: 'var/evidence' }, json: { type: 'boolean', default: false } },
    { positionals: 2, ...(args ? { args } : {}) },
  );
  const [command = 'run', folder] = positionals;
  if (command !== 'run' && command !== 'list' && command !== 'verify') {
    throw new Failure(`unknown command "${command}"; --help shows the usage`, 2);
  }
  if ((command === 'verify') !== (folder !== undefined)) {
    throw new Failure(command === 'verify' ? 'verify needs the folder of a report' : `unexpected "${folder}"`, 2);
  }
  return {
    command,
    ...selection(values.only?.split(',') ?? null),
    key: values.key === undefined ? null : resolve(values.key),
    out: resolve(folder ?? values.out),
    json: values.json,
  };
}

function selection(only: readonly string[] | null): Pick<Arguments, 'topics' | 'wanted' | 'whole'> {
  if (!only) return { topics: TOPICS, wanted: () => true, whole: true };
  const unknown = only.find((one) => !isKnown(one));
  if (unknown !== undefined) throw new Failure(`unknown in --only: "${unknown}"; "list" shows what there is`, 2);
  const asked = new Set(only);
  const topics = TOPICS.map((topic) => ({
    ...topic,
    proofs: topic.proofs.filter(
      ({ name, requirements }) =>
        asked.has(topic.name) || asked.has(name) || requirements.some((requirement) => asked.has(requirement)),
    ),
  })).filter(({ proofs }) => proofs.length > 0);
  if (topics.length === 0) throw new Failure(`no proof is there for ${only.join(', ')}`, 2);
  // Of a proof or a topic the rows that it speaks for; of a requirement its own row alone.
  const named = topics.flatMap(({ name, proofs }) => proofs.filter((one) => asked.has(name) || asked.has(one.name)));
  const rows = new Set<string>([...only, ...named.flatMap(({ requirements }) => requirements)]);
  return { topics, wanted: (id) => rows.has(id), whole: false };
}

const isKnown = (one: string): boolean =>
  one in REQUIREMENTS || TOPICS.some(({ name, proofs }) => name === one || proofs.some((proof) => proof.name === one));
