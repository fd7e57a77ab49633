// A copy of this tree's sources in another folder, with a space in its name, so that nothing can depend on where it lies.
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT } from '#lab/process.ts';

/** What is installed, made, or git's own. */
const NOT_COPIED = /^(?:node_modules|var|coverage|\.git)$/;

/** @returns the copy below `folder`; the installed packages are those of this tree */
export function copySources(folder: string): string {
  const copy = join(folder, 'another place', 'sources');
  mkdirSync(copy, { recursive: true });
  cpSync(ROOT, copy, { recursive: true, filter: (path) => path === ROOT || !NOT_COPIED.test(basename(path)) });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}
