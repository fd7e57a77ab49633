// How far a run is, on stderr: one line that rewrites itself on a terminal, one line a scenario elsewhere.
import type { RunProgress } from './run.ts';

const BAR = 24;

/** @param silent says nothing at all */
export function progressOn(stream: NodeJS.WriteStream, silent: boolean): RunProgress & { end(): void } {
  let shown = 0;
  const rewrite = (whole: string) => {
    // A line that wraps could not be covered by the next one.
    const line = whole.slice(0, (stream.columns ?? 80) - 1);
    stream.write(`\r${line.padEnd(shown)}`);
    shown = line.length;
  };
  return {
    at(scenario, what, share) {
      if (silent || !stream.isTTY) return;
      const bar = '#'.repeat(Math.round(share * BAR)).padEnd(BAR, '.');
      rewrite(`[${bar}] ${Math.round(share * 100)} % ${scenario}: ${what}`);
    },
    done(scenario) {
      if (!silent && !stream.isTTY) stream.write(`${scenario}: done\n`);
    },
    end() {
      if (shown > 0) stream.write(`\r${' '.repeat(shown)}\r`);
    },
  };
}
