// What of this machine a proof needs and is not there. As root on Debian or Ubuntu missing packages are installed first.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { mustRun } from '#lab/process.ts';
import type { AnyProof, Need, Said } from './proof.ts';

/** Where Debian keeps an administrator's programs; a user's PATH may lack them. */
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];

const isRoot = () => process.getuid?.() === 0;

/** Installs what the proofs need where that is possible; what is missing afterwards shows in `lacking`. */
export async function installFor(proofs: readonly AnyProof[], signal: AbortSignal): Promise<void> {
  const packages = new Set(
    proofs
      .flatMap(({ needs }) => needs)
      .filter((need) => need !== 'root' && !isThere(need.program))
      .map((need) => (need as Exclude<Need, 'root'>).package),
  );
  if (packages.size > 0 && isRoot()) await mustRun('scripts/system-packages.mjs', [...packages], signal);
}

/** @returns in one sentence what this machine lacks; null if nothing */
export function lacking(needs: readonly Need[]): Said | null {
  const missing = needs.filter((need) => (need === 'root' ? !isRoot() : !isThere(need.program)));
  if (missing.length === 0) return null;
  const names = missing.map((need) => (need === 'root' ? 'root' : `${need.program} (apt install ${need.package})`));
  return { ja: `この環境にありません: ${names.join('、')}`, en: `this machine lacks: ${names.join(', ')}` };
}

function isThere(program: string): boolean {
  return FOLDERS.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
