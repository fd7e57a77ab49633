// npm run audit: verifies audit logs offline.
import { createReadStream } from 'node:fs';
import { parseArguments } from '../process/args.ts';
import { type ExitCode, Failure, runCommand } from '../process/exit.ts';
import { oneLine } from '../process/terminal.ts';
import type { Anchor } from './chain.ts';
import { anchorsOf, type Verdict, verifyLog } from './verify.ts';

const USAGE = `
npm run audit -- verify FILE [--anchors FILE]… [--json]
監査ログの検証 / verifies an audit log

  FILE            the log (JSONL) of one gateway, broker or agent
  --anchors FILE  the log of another zone; the checkpoints it kept show whether FILE's end was cut off
  --json          print one object
  --help          this text

Exit: 0 intact, 1 changed, 2 bad arguments, 3 a file could not be read.
`;

await runCommand(async () => {
  const { values, positionals } = parseArguments(
    USAGE,
    { anchors: { type: 'string', multiple: true }, json: { type: 'boolean' } },
    { positionals: 2 },
  );
  const [command, path] = positionals;
  if (command !== 'verify' || path === undefined)
    throw new Failure('"verify FILE" expected; --help shows the usage', 2);
  return verify(path, values.anchors ?? [], values.json ?? false);
});

async function verify(path: string, anchorPaths: readonly string[], json: boolean): Promise<ExitCode> {
  const anchors: Anchor[] = [];
  for (const anchorPath of anchorPaths) {
    const kept = await reading(anchorPath, anchorsOf(createReadStream(anchorPath)));
    // An anchor in a log that was itself changed proves nothing.
    if (!kept.verdict.intact) throw new Failure(`${anchorPath}: changed (${firstProblem(kept.verdict)})`);
    anchors.push(...kept.anchors);
  }
  const verdict = await reading(path, verifyLog(createReadStream(path), anchors));
  process.stdout.write(json ? `${JSON.stringify({ file: path, ...verdict })}\n` : tell(path, verdict));
  return verdict.intact ? 0 : 1;
}

async function reading<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new Failure(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`, 3);
  }
}

function tell(path: string, verdict: Verdict): string {
  const { events, source, firstTime, lastTime, lost, anchored } = verdict;
  const about = `${path}: ${source ?? '?'}, ${events} events, ${firstTime ?? '?'} – ${lastTime ?? '?'}`;
  const lines = verdict.intact
    ? [`改ざんは見つかりません / intact: ${about}`]
    : [
        `改ざんを検出しました / CHANGED: ${about}`,
        ...verdict.problems.map(({ line, problem }) => `  line ${line}: ${problem}`),
      ];
  if (lost > 0) lines.push(`書き込めなかった記録 / events that could not be written: ${lost}`);
  lines.push(
    anchored === null
      ? '末尾の欠落は証明できません / tail not provable (no anchor of this log was given)'
      : `末尾の証明 / anchored up to event ${anchored}; what follows it is not provable`,
  );
  return `${lines.map(oneLine).join('\n')}\n`;
}

function firstProblem({ problems }: Verdict): string {
  const first = problems[0];
  return first ? `line ${first.line}: ${first.problem}` : 'no problem';
}
