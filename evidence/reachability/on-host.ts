// Runs one of this folder's programs on a host of the lab: a question as JSON on its stdin, the answer as JSON on its stdout.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { type Place, ROOT } from '#lab/process.ts';

const ANSWER_MAX_MS = 60_000;
const ANSWER_MAX_BYTES = 8 * 1024 * 1024;

/** @throws Error in the program's own words */
export function askOn<T>(place: Place, program: string, question: object): Promise<T> {
  const node = ['--disable-warning=ExperimentalWarning', join(ROOT, program)];
  const [first, rest] = place(process.execPath, node);
  return new Promise((resolve, reject) => {
    const limits = { timeout: ANSWER_MAX_MS, maxBuffer: ANSWER_MAX_BYTES, cwd: ROOT };
    const child = execFile(first, rest, limits, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program}: ${stderr.trim().split('\n').at(-1) || error.message}`));
      else resolve(JSON.parse(stdout));
    });
    child.stdin?.end(JSON.stringify(question));
  });
}

/** For the program itself. */
export async function answer<Q>(work: (question: Q) => Promise<unknown>): Promise<void> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk;
  process.stdout.write(JSON.stringify(await work(JSON.parse(text))));
}
