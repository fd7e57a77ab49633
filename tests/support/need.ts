// What a test needs from the system. Use as: describe.skipIf(!needs('Xtigervnc', 'xterm'))('…', …)
import { accessSync, constants } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import PACKAGES from './system-packages.json' with { type: 'json' };

/**
 * @param things commands or absolute paths, each listed in system-packages.json
 * @returns whether all are there
 * @throws under npm test -- --strict when one is missing, so that a skip shows as a failure
 */
export function needs(...things: string[]): boolean {
  const missing = things.filter((thing) => !isPresent(thing));
  if (missing.length > 0 && process.env.TW_STRICT === '1') {
    throw new Error(missing.map((thing) => `${thing} is missing (package ${packageOf(thing)})`).join(', '));
  }
  return missing.length === 0;
}

/** For tests that make network namespaces. @throws under --strict when this is not root */
export function needsRoot(): boolean {
  const root = process.getuid?.() === 0;
  if (!root && process.env.TW_STRICT === '1') throw new Error('root is needed for network namespaces');
  return root;
}

function packageOf(thing: string): string {
  const found = PACKAGES.find(({ provides }) => provides === thing);
  if (!found) throw new Error(`${thing} does not stand in system-packages.json`);
  return found.package;
}

function isPresent(thing: string): boolean {
  packageOf(thing);
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  const paths = isAbsolute(thing) ? [thing] : folders.map((folder) => join(folder, thing));
  return paths.some((path) => {
    try {
      accessSync(path, isAbsolute(thing) ? constants.R_OK : constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
