// For every test file: when all of its tests have passed, it has produced the audit events that PRODUCED_BY says of it.
import { resolve } from 'node:path';
import { afterAll, expect, type RunnerTask } from 'vitest';
import { PRODUCED_BY } from './produced-by.ts';
import { isProduced } from './produced-events.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');

// biome-ignore lint/correctness/noEmptyPattern: vitest reads here which fixtures a hook wants
afterAll(({}, { file, tasks }) => {
  const claimed = Object.entries(PRODUCED_BY).filter(([, by]) => resolve(ROOT, by) === file.filepath);
  // A run that leaves tests out, or in which one has failed, shows nothing.
  if (!tasks.every(hasPassed)) return;
  expect(claimed.map(([event]) => event).filter((event) => !isProduced(event))).toEqual([]);
});

function hasPassed(task: RunnerTask): boolean {
  return task.type === 'suite' ? task.tasks.every(hasPassed) : task.result?.state === 'pass';
}
