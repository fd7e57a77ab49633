// One run: the scenarios one after the other, a report that is whole or says that it is not, and never a process left.

import { commit, machine } from '#lab/report/machine.ts';
import type { RunProgress } from '#lab/report/progress.ts';
import { Failure, lineOf } from '#platform/process/exit.ts';
import type { Arguments } from './arguments.ts';
import type { Report, ScenarioResult } from './result.ts';
import type { RunOptions } from './scenarios/options.ts';
import { type Name, SCENARIOS, whyNotHere } from './scenarios/scenarios.ts';
import { target } from './scenarios/target.ts';

/**
 * @param signal ends the run early: the report then holds what was measured by then, and says so
 * @param command as it was typed
 */
export async function runBench(
  args: Arguments,
  signal: AbortSignal,
  command: string,
  progress: Omit<RunProgress, 'end'>,
): Promise<Report> {
  const startedAt = new Date();
  const began = performance.now();
  const scenarios: ScenarioResult[] = [];
  const notRun: Report['notRun'] = [];
  let partial: string | null = null;
  const names: readonly (Name | 'target')[] = args.target ? ['target'] : args.scenarios;
  for (const [i, name] of names.entries()) {
    if (signal.aborted) {
      notRun.push({ scenario: name, because: 'stopped before it began' });
      continue;
    }
    const missing = whyNotHere(name);
    if (missing !== null) {
      notRun.push({ scenario: name, because: missing });
      continue;
    }
    const options: RunOptions = {
      folder: args.out,
      tiers: args.tiers,
      sessions: args.sessions,
      seconds: args.seconds,
      hours: args.hours,
      roundTripsMs: args.roundTripsMs,
      signal,
      progress: (what, share) => progress.at(name, what, (i + Math.min(1, share)) / names.length),
    };
    try {
      await scenario(name, args, options, (result) => scenarios.push(result));
      if (signal.aborted) partial ??= `${name}: stopped`;
      progress.done(name);
    } catch (error) {
      const because = signal.aborted ? 'stopped' : oneLine(error);
      notRun.push({ scenario: name, because });
      partial ??= `${name}: ${because}`;
    }
  }
  return {
    format: 1,
    startedAt: startedAt.toISOString(),
    seconds: (performance.now() - began) / 1000,
    partial,
    command,
    machine: machine(),
    commit: await commit(),
    scenarios,
    notRun,
  };
}

async function scenario(
  name: Name | 'target',
  args: Arguments,
  options: RunOptions,
  emit: (result: ScenarioResult) => void,
): Promise<void> {
  if (name === 'target') {
    if (args.target) emit(await target(args.target, options));
  } else await SCENARIOS[name](options, emit);
}

/** What a person can put right is told by its file; an error nobody foresaw names its place in our code. */
function oneLine(error: unknown): string {
  if (error instanceof Failure) return error.message;
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC') return `${path ?? 'the folder of the run'}: no space left on the device`;
  if (code && path) return `${path}: cannot be used (${code})`;
  return error instanceof Error && error.constructor === Error ? error.message : lineOf(error);
}
