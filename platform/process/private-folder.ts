// Folders for their owner alone. Node's own recursive mkdir never returns for some paths: of /proc/nowhere it makes the
// folder above, finds it there, and tries again. So the way down is walked here, each folder once.
import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Failure } from './exit.ts';

/**
 * Makes the folder and those missing above it, mode 0700. What is there stays as it is.
 * @throws Failure naming the folder
 */
export function makePrivateFolder(path: string): void {
  try {
    const missing: string[] = [];
    for (let folder = resolve(path); !isThere(folder); folder = dirname(folder)) missing.unshift(folder);
    for (const folder of missing) makeUnlessThere(folder);
  } catch (error) {
    throw new Failure(`${path}: cannot be made (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** A file counts too: what is made below it says ENOTDIR, and so does whoever opens a file in it. */
function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Of two processes that start at once both may have found it missing. */
function makeUnlessThere(folder: string): void {
  try {
    mkdirSync(folder, 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !isThere(folder)) throw error;
  }
}
