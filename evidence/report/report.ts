// What a run found, as report.json has it and report.html shows it.
import { execFileSync } from 'node:child_process';
import { commit, type Machine, machine } from '#lab/report/machine.ts';
import { NOT_CLAIMED } from '../not-claimed.ts';
import { type Outcome, type Result, type Row, worst } from '../outcome.ts';
import type { Need, Said } from '../proof.ts';
import type { RequirementId } from '../requirements.ts';

/** A part of the report, in both languages in one line: Japanese / English. */
export interface ReportRow {
  id: RequirementId;
  requirement: string;
  result: Result;
  /** What was seen, or why not. */
  why: string;
  artefacts: string[];
  proofs: {
    name: string;
    result: Result;
    claim: Said;
    tried: Said;
    seen: Said;
    seconds: number;
    artefacts: string[];
  }[];
}

export interface Report {
  format: 1;
  result: Result;
  startedAt: string;
  seconds: number;
  command: string;
  /** Not all of it was asked for, or it was stopped. */
  partial: string | null;
  rows: ReportRow[];
  notClaimed: { id: RequirementId; why: Said }[];
  versions: { commit: string | null; changed: boolean; machine: Machine; packages: Record<string, string> };
  signedBy: { by: 'run' | 'reviewer'; keyFingerprint: string };
}

export interface RunFacts {
  startedAt: Date;
  seconds: number;
  command: string;
  partial: string | null;
  needs: readonly Need[];
  signedBy: Report['signedBy'];
}

export async function reportOf(rows: readonly Row[], facts: RunFacts): Promise<Report> {
  const { startedAt, seconds, command, partial, needs, signedBy } = facts;
  return {
    format: 1,
    result: worst(rows),
    startedAt: startedAt.toISOString(),
    seconds: round(seconds),
    command,
    partial,
    rows: rows.map(reportRow),
    notClaimed: NOT_CLAIMED.map(({ id, why }) => ({ id, why })),
    versions: { commit: await commit(), changed: isChanged(), machine: machine(), packages: packagesOf(needs) },
    signedBy,
  };
}

function reportRow({ id, requirement, result, outcomes }: Row): ReportRow {
  const telling = outcomes.filter((one) => one.result === result);
  return {
    id,
    requirement: inBoth(requirement),
    result,
    why: telling.map(({ seen }) => inBoth(seen)).join(' · '),
    artefacts: outcomes.flatMap(({ artefacts }) => artefacts),
    proofs: outcomes.map(proofOf),
  };
}

const proofOf = ({ proof: { name, claim, tried }, result, seen, seconds, artefacts }: Outcome) => ({
  ...{ name, result, claim, tried, seen },
  seconds: round(seconds),
  artefacts: [...artefacts],
});

const inBoth = ({ ja, en }: Said): string => `${ja} / ${en}`;
const round = (seconds: number): number => Math.round(seconds * 10) / 10;

/** Whether the checkout differs from its commit; also true where that cannot be told. */
function isChanged(): boolean {
  try {
    return execFileSync('git', ['status', '--porcelain'], { stdio: ['ignore', 'pipe', 'ignore'] }).length > 0;
  } catch {
    return true;
  }
}

/** Of the system's programs that took part, as Debian numbers them. */
function packagesOf(needs: readonly Need[]): Record<string, string> {
  const names = new Set(needs.flatMap((need) => (need === 'root' ? [] : [need.package])));
  return Object.fromEntries([...names].sort().map((name) => [name, versionOf(name)]));
}

function versionOf(name: string): string {
  try {
    const args = ['-W', '-f', '$\u007bVersion}', name];
    return execFileSync('dpkg-query', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }) || 'unknown';
  } catch {
    return 'unknown';
  }
}
