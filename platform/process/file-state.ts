// Notices that a file has changed by asking. Four times a second it costs nothing, and it misses no rename, as watching can.
import { statSync } from 'node:fs';

export const LOOK_INTERVAL_MS = 250;

/** Identity, size and times of files: differs after a rename, a rewrite, a removal or a change of rights. */
export function stateOf(paths: readonly string[]): string {
  return paths
    .map((path) => {
      try {
        const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
        return [dev, ino, size, mtimeNs, ctimeNs].join();
      } catch (error) {
        return String((error as NodeJS.ErrnoException).code);
      }
    })
    .join(' ');
}
