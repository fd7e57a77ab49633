// npm run bench: what the contracted tiers carry, and what it costs. Only wiring.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '#lab/process.ts';
import { progressOn } from '#lab/report/progress.ts';
import { Failure, runCommand } from '#platform/process/exit.ts';
import { headline, single } from './answer.ts';
import { type Arguments, readArguments } from './arguments.ts';
import { installPeers, presentPeers } from './peers/install.ts';
import { publish } from './report/publish.ts';
import { writeReport } from './report/write.ts';
import type { Report } from './result.ts';
import { runBench } from './run.ts';
import { recordAll } from './workloads/record.ts';

const DOCUMENTS = ['README.md', 'docs/benchmarks.md'].map((file) => join(ROOT, file));

const say = (line: string) => process.stdout.write(`${line}\n`);

await runCommand(async () => {
  const args = readArguments();
  switch (args.command) {
    case 'run':
      return run(args);
    case 'record':
      await recordAll(say);
      return 0;
    case 'publish':
      publish(args.files as [string, ...string[]], DOCUMENTS);
      return 0;
    case 'peers':
      if (args.install) await installPeers(say);
      for (const { title, version, missing } of presentPeers()) say(`${title}: ${version ?? missing}`);
      return 0;
  }
});

async function run(args: Arguments): Promise<0 | 1> {
  makeFolder(args.out);
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  const progress = progressOn(process.stderr, args.json);
  const command = ['npm run bench --', ...process.argv.slice(2)].join(' ');
  const report = await runBench(args, stopping.signal, command, progress);
  progress.end();
  const files = Object.values(writeReport(args.out, report));
  process.stdout.write(args.json ? `${JSON.stringify(answer(report, args))}\n` : headline(report, files));
  const [missing] = report.notRun;
  if (report.partial === null && missing && report.scenarios.length === 0) {
    throw new Failure(`${missing.scenario}: 測定できませんでした / not run: ${missing.because}`, 3);
  }
  if (report.partial === null) return 0;
  throw new Failure(`部分的な結果です / a partial report: ${report.partial}`);
}

/** With one scenario, its results alone: that is what a script asks for. A partial run is never taken for one. */
function answer(report: Report, { scenarios, target }: Arguments): unknown {
  const whole = report.partial === null && report.scenarios.length > 0;
  return whole && (scenarios.length === 1 || target) ? single(report.scenarios) : report;
}

/** Before anything is measured. @throws Failure */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Failure(`${folder}: cannot be made (${(error as NodeJS.ErrnoException).code})`, 3);
  }
}
