// Asks npm run bench for one scenario. It measures; what its figures mean for a requirement is judged here.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as z from 'zod';
import { ROOT } from '#lab/process.ts';
import type { Run } from '../proof.ts';

const OUTPUT_MAX_BYTES = 16 * 1024 * 1024;

/**
 * @param args of npm run bench, with one scenario
 * @returns its result; the whole of it lies in the artefacts
 * @throws Error with bench's own line; ZodError
 */
export async function benchResult<T>(schema: z.ZodType<T>, args: readonly string[], run: Run): Promise<T> {
  const own = ['--disable-warning=ExperimentalWarning', 'bench/main.ts', ...args, '--json'];
  const child = spawn(process.execPath, [...own, '--out', join(run.folder, 'bench')], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: run.signal,
    killSignal: 'SIGTERM',
  });
  const texts = await Promise.all([child.stdout, child.stderr].map(textOf));
  const [stdout = '', stderr = ''] = texts;
  if (!stdout.startsWith('{')) throw new Error(stderr.trim().split('\n').at(-1) || 'bench said nothing');
  writeFileSync(join(run.folder, 'bench.json'), stdout, { mode: 0o600 });
  return schema.parse(JSON.parse(stdout));
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) {
    text += String(chunk);
    if (text.length > OUTPUT_MAX_BYTES) throw new Error('bench said too much');
  }
  return text;
}
