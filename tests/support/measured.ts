// Numbers that a test measures and does not judge: said in its output, and kept for the evidence.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '#lab/process.ts';

const FOLDER = join(ROOT, 'var', 'measured');

/** @param name of the file; an earlier run's is written over */
export function report(name: string, numbers: Readonly<Record<string, number>>): void {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, `${name}.json`), `${JSON.stringify(numbers)}\n`);
  process.stdout.write(`${name}: ${JSON.stringify(numbers)}\n`);
}
