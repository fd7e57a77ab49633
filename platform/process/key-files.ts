// Private keys on a process's disk: made by the process itself, never shipped, never readable by others (D11, T16).
import { closeSync, fsyncSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { Failure } from './exit.ts';

const KEY_FILE_MAX_BYTES = 16_384;

/**
 * @returns the file's text, or null if there is no such file
 * @throws Failure if it cannot be read, is too large, or others than its owner may use it
 */
export function readKeyFile(path: string): string | null {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found) return null;
    if (!found.isFile() || found.size > KEY_FILE_MAX_BYTES) throw new Failure(`${path}: not a key file`);
    // Windows has no such bits
    const others = process.platform === 'win32' ? 0 : found.mode & 0o077;
    if (others !== 0) throw new Failure(`${path}: others than its owner may use this key; chmod 600 it`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** The same for a key that has to be there. @throws Failure too if there is no such file */
export function requireKeyFile(path: string): string {
  const text = readKeyFile(path);
  if (text === null) throw new Failure(`${path}: cannot be read (ENOENT)`);
  return text;
}

/**
 * Makes a new file and never replaces one.
 * @param mode 0o600 for a private key
 * @throws Failure if it exists or cannot be written
 */
export function createKeyFile(path: string, text: string, mode = 0o600): void {
  try {
    const file = openSync(path, 'wx', mode);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new Failure(`${path}: cannot be made (${(error as NodeJS.ErrnoException).code})`);
  }
}
