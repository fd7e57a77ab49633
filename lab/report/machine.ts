// Which machine and which software a report of bench or evidence speaks of.
import { execFile } from 'node:child_process';
import { arch, cpus, release, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { ROOT } from '../process.ts';

export interface Machine {
  cpu: string;
  cores: number;
  memoryGiB: number;
  arch: string;
  kernel: string;
  node: string;
  openssl: string;
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    arch: arch(),
    kernel: release(),
    node: process.version,
    openssl: process.versions.openssl,
  };
}

/** The commit that is checked out; null outside of a checkout. */
export async function commit(): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], { cwd: ROOT });
    return stdout.trim();
  } catch {
    return null;
  }
}
