// For every test file: when all of its tests have passed, it has produced the audit events that PRODUCED_BY says of it.
import { relative } from 'node:path';
import { afterAll, expect } from 'vitest';
import { PRODUCED_BY } from './produced-by.ts';
import { isProduced } from './produced-events.ts';

const ROOT = `${import.meta.dirname}/../..`;

afterAll(({ file }) => {
  const path = relative(ROOT, file.filepath);
  const claimed = Object.entries(PRODUCED_BY).flatMap(([event, by]) => (by === path ? [event] : []));
  // A run that leaves tests out, or in which one has failed, shows nothing.
  const ran = file.tasks.every(function passed(task): boolean {
    return task.type === 'suite' ? task.tasks.every(passed) : task.result?.state === 'pass';
  });
  if (ran) expect(claimed.filter((event) => !isProduced(event))).toEqual([]);
});
