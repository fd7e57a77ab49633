// Copies of a live system's audit logs, and what `npm run audit` says about them.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '#lab/process.ts';
import type { System } from '#lab/system.ts';
import { makePrivateFolder } from '#platform/process/private-folder.ts';

export const PROCESSES = ['gateway', 'broker', 'agent'] as const;
export type ProcessName = (typeof PROCESSES)[number];

/** As a reviewer would have them: the logs and no key. */
export function copyLogs(system: System, folder: string): Record<ProcessName, string> {
  const copies = PROCESSES.map((name) => {
    const to = join(folder, name);
    const from = join(system.folder, name, 'state');
    for (const part of ['.', 'archive'].filter((one) => existsSync(join(from, one)))) {
      makePrivateFolder(join(to, part));
      whileSteady(join(from, part), (logs) => {
        for (const file of logs)
          writeFileSync(join(to, part, file), readFileSync(join(from, part, file)), { mode: 0o600 });
      });
    }
    return [name, to] as const;
  });
  return Object.fromEntries(copies) as Record<ProcessName, string>;
}

export interface Line {
  readonly sequence: number;
  readonly event: string;
  readonly fields: Record<string, unknown>;
}

/** The files of a log, oldest first, each as its lines. */
export function readLines(folder: string): { file: string; lines: string[] }[] {
  return whileSteady(folder, (files) =>
    files.map((file) => ({ file, lines: readFileSync(join(folder, file), 'utf8').split('\n').filter(Boolean) })),
  ).sort((one, other) => parse(one.lines[0]).sequence - parse(other.lines[0]).sequence);
}

/** Does it again if the process has closed a file meanwhile: there would be a gap, or a file that is gone. */
function whileSteady<T>(folder: string, work: (files: string[]) => T): T {
  const list = () => readdirSync(folder).filter((file) => /^audit(-\d+)?\.jsonl$/.test(file));
  for (;;) {
    const files = list();
    try {
      const done = work(files);
      if (String(list()) === String(files)) return done;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

export const parse = (line: string | undefined): Line => JSON.parse(line ?? '{}');

/** The sessions that a log says were worked in. */
export function sessionsIn(folder: string, event: 'session-started' | 'relay-started'): string[] {
  const lines = readLines(folder).flatMap(({ lines }) => lines.map(parse));
  return lines.filter((line) => line.event === event).map(({ fields }) => String(fields.session));
}

/** `npm run audit`, as a person runs it. */
export async function audit(
  args: readonly string[],
  signal: AbortSignal,
): Promise<{ code: number | null; said: string }> {
  const { code, stdout, stderr } = await run('platform/audit/main.ts', args, { signal });
  return { code, said: (stdout || stderr).trim() };
}
