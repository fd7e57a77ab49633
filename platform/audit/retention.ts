// How long the closed files of a log are kept (G5): in the state folder, then in the archive, then no longer. Each step is
// an event first, so that a verifier who finds the chain beginning in the middle reads there what became of the rest.
import { closeSync, existsSync, fstatSync, openSync, renameSync, unlinkSync } from 'node:fs';
import { copyFile, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Log } from '../process/log.ts';
import { makePrivateFolder } from '../process/private-folder.ts';
import type { EventFields } from './events.ts';
import { type ClosedFile, closedFiles, syncFolder } from './files.ts';
import { type Line, openLine } from './line.ts';
import { readTail } from './tail.ts';

const DAY_MS = 24 * 3_600_000;

type Step = 'log-archived' | 'log-removed';

export interface RetentionParts {
  /** of the file that grows */
  path: string;
  /** made if it is missing */
  archive: string;
  onlineDays: number;
  archiveDays: number;
  now(): number;
  /** Records an event and waits for the disk. @returns whether it is written */
  say(step: Step, fields: EventFields[Step]): boolean;
  log: Log;
}

export class Retention {
  readonly #parts: RetentionParts;
  #isRunning = false;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
  }

  /** Moves and removes what is due. Never throws: what cannot be moved stays, with a line in the operators' log. */
  async run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    const { path, archive, onlineDays, archiveDays, log } = this.#parts;
    try {
      for (const { file, end } of this.#due(closedFiles(path), onlineDays)) {
        if (!this.#say('log-archived', file, end)) return;
        makePrivateFolder(archive);
        await move(file.path, join(archive, basename(file.path)));
      }
      for (const { file, end } of this.#due(closedFiles(path, archive), onlineDays + archiveDays)) {
        if (!this.#say('log-removed', file, end)) return;
        unlinkSync(file.path);
      }
    } catch (error) {
      log.error({ err: error }, 'audit logs that are old enough could not be archived or removed');
    } finally {
      this.#isRunning = false;
    }
  }

  /** The oldest files whose last event is older than that. One that is younger or cannot be read keeps all behind it. */
  *#due(files: readonly ClosedFile[], days: number): Generator<{ file: ClosedFile; end: Line }> {
    const before = new Date(this.#parts.now() - days * DAY_MS).toISOString();
    for (const file of files) {
      const end = endOf(file.path);
      if (end.time >= before) return;
      yield { file, end };
    }
  }

  #say(step: Step, file: ClosedFile, { sequence, digest }: Line): boolean {
    return this.#parts.say(step, { file: basename(file.path), sequence, digest });
  }
}

/** @throws Error if it cannot be read or does not verify */
function endOf(path: string): Line {
  const file = openSync(path, 'r');
  try {
    const last = readTail(file, fstatSync(file).size).lines.at(-1);
    const line = last ? openLine(last) : null;
    if (!line) throw new Error(`${basename(path)}: its end does not verify`);
    return line;
  } finally {
    closeSync(file);
  }
}

/** The archive may be on another volume, which takes a while: the process goes on meanwhile. */
async function move(from: string, to: string): Promise<void> {
  if (existsSync(to)) throw new Error(`${basename(to)} is in the archive already`);
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    const part = `${to}.part`;
    await copyFile(from, part);
    const copy = await open(part, 'r');
    await copy.sync().finally(() => copy.close());
    await rename(part, to);
    syncFolder(dirname(to));
    await unlink(from);
  }
  syncFolder(dirname(from));
}
