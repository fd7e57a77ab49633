// One whole system for the tests of one describe: the processes, as npm start brings them up, in a folder that goes again.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { enrol, type Person } from '#lab/person.ts';
import { bringUp, type DesktopSpec, type LineSpec, type System } from '#lab/system.ts';

/** Enough to see what a process did last. */
const LOG_LINES = 40;

export interface SystemUnderTest {
  /** @throws Error outside of the tests and hooks that follow useSystem() */
  readonly system: System;
  /** Enrolled with every desktop; not paired with any. */
  readonly tanaka: Person;
}

/**
 * Call it inside a describe. When a test fails, what the processes logged stands below it.
 * @param desktops asked for after the beforeAll hooks that stand before this call
 * @param line what the broker shapes to; as in bringUp if it is left out
 */
export function useSystem(desktops: () => readonly DesktopSpec[], line?: LineSpec): SystemUnderTest {
  const folder = mkdtempSync(join(tmpdir(), 'telework-system-'));
  let up: { system: System; tanaka: Person } | null = null;

  beforeAll(async () => {
    try {
      const system = await bringUp({ folder, desktops: desktops(), port: 0, ...(line && { line }) });
      up = { system, tanaka: await enrol(system, 'tanaka', '田中太郎') };
    } catch (error) {
      process.stderr.write(logsIn(join(folder, 'log')));
      throw error;
    }
  });
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') process.stderr.write(logsIn(join(folder, 'log')));
  });
  afterAll(async () => {
    await up?.system.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const there = () => {
    if (!up) throw new Error('the system is not up');
    return up;
  };
  return {
    get system() {
      return there().system;
    },
    get tanaka() {
      return there().tanaka;
    },
  };
}

/** The last lines of every log in a folder. */
export function logsIn(folder: string): string {
  return readdirSync(folder)
    .map((file) => {
      const lines = readFileSync(join(folder, file), 'utf8').trimEnd().split('\n').slice(-LOG_LINES);
      return `--- ${file}\n${lines.join('\n')}\n`;
    })
    .join('');
}
