// npm run evidence: proves the requirements live and signs a report. Only wiring.

import { createPublicKey } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { progressOn } from '#lab/report/progress.ts';
import { type ExitCode, Failure, runCommand } from '#platform/process/exit.ts';
import { makePrivateFolder } from '#platform/process/private-folder.ts';
import { oneLine } from '#platform/process/terminal.ts';
import { type Arguments, readArguments } from './arguments.ts';
import { installFor } from './needs.ts';
import { type Result, rowsOf } from './outcome.ts';
import { type Report, reportOf } from './report/report.ts';
import { fingerprintOf, signerOf } from './report/signature.ts';
import { checkReport, writeReport } from './report/write.ts';
import { runProofs } from './run.ts';

const LEFT_OPEN_MAX_MS = 10_000;
const EXIT: Readonly<Record<Result, ExitCode>> = { pass: 0, fail: 1, 'not-run': 3 };
const MARK: Readonly<Record<Result, string>> = { pass: '✓', fail: '✗', 'not-run': '–' };

const say = (line: string) => process.stdout.write(`${line}\n`);

await runCommand(async () => {
  const args = readArguments();
  switch (args.command) {
    case 'run':
      return run(args);
    case 'list':
      for (const { name, title, proofs } of args.topics) {
        say(`${name}: ${title.ja} / ${title.en}`);
        for (const proof of proofs) say(`  ${proof.name} (${proof.requirements.join(', ')}): ${proof.claim.en}`);
      }
      return 0;
    case 'verify':
      return verify(args);
  }
});

async function run(args: Arguments): Promise<ExitCode> {
  const signer = signerOf(args.key);
  makePrivateFolder(args.out);
  rmSync(join(args.out, 'artefacts'), { recursive: true, force: true });
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  const progress = progressOn(process.stderr, args.json);
  const startedAt = new Date();
  const began = performance.now();

  const proofs = args.topics.flatMap((topic) => topic.proofs);
  await installFor(proofs, stopping.signal).catch((error: Error) => {
    if (!stopping.signal.aborted) process.stderr.write(`${oneLine(error.message)}\n`);
  });
  const { topics, out } = args;
  const outcomes = await runProofs({ topics, out, signal: stopping.signal, progress });
  progress.end();

  const report = await reportOf(rowsOf(outcomes, args.wanted), {
    startedAt,
    seconds: (performance.now() - began) / 1000,
    command: ['npm run evidence --', ...process.argv.slice(2)].join(' '),
    partial: stopping.signal.aborted ? 'stopped' : args.whole ? null : 'a part was asked for (--only)',
    needs: proofs.flatMap(({ needs }) => needs),
    signedBy: { by: signer.by, keyFingerprint: fingerprintOf(createPublicKey(signer.key)) },
  });
  const signature = writeReport(out, report, signer);
  // The report is whole; a socket that a broken proof left open must not hold up who waits for the exit code.
  setTimeout(() => process.exit(), LEFT_OPEN_MAX_MS).unref();
  if (args.json) say(JSON.stringify({ ...report, signature }));
  else tell(report, out);
  if (stopping.signal.aborted) throw new Failure('途中で止めました / stopped: the report is partial');
  return EXIT[report.result];
}

function tell({ rows, signedBy, notClaimed }: Report, out: string): void {
  for (const { id, result, requirement, why } of rows) {
    say(`${MARK[result]} ${id.padEnd(4)} ${oneLine(requirement)}`);
    if (result !== 'pass') say(`       ${oneLine(why)}`);
  }
  const count = (result: Result) => rows.filter((row) => row.result === result).length;
  say(`合格 / passed ${count('pass')}, 不合格 / failed ${count('fail')}, 未実施 / not run ${count('not-run')}`);
  if (notClaimed.length > 0) say(`主張しない要件 / not claimed: ${notClaimed.map(({ id }) => id).join(', ')}`);
  const who = signedBy.by === 'run' ? 'この実行の鍵 / a key of this run' : '確認者の鍵 / the reviewer’s key';
  say(`署名 / signed by ${who}: ${signedBy.keyFingerprint}`);
  say(join(out, 'report.html'));
}

function verify({ out, key, json }: Arguments): ExitCode {
  const { problems, files, keyFingerprint } = checkReport(out, key);
  if (json) say(JSON.stringify({ intact: problems.length === 0, problems, files, keyFingerprint }));
  else if (problems.length === 0) say(`署名のとおりです / as it was signed: ${files} files, key ${keyFingerprint}`);
  else for (const problem of problems) say(oneLine(problem));
  return problems.length === 0 ? 0 : 1;
}
