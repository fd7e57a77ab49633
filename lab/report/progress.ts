// How far a run is, on stderr: one line that rewrites itself on a terminal, one line a part elsewhere.

export interface RunProgress {
  /** @param share 0 to 1 of the whole run */
  at(part: string, what: string, share: number): void;
  done(part: string): void;
  /** Leaves an empty line. */
  end(): void;
}

const BAR = 24;

/** @param silent says nothing at all */
export function progressOn(stream: NodeJS.WriteStream, silent: boolean): RunProgress {
  let shown = 0;
  const rewrite = (whole: string) => {
    // A line that wraps could not be covered by the next one.
    const line = whole.slice(0, (stream.columns ?? 80) - 1);
    stream.write(`\r${line.padEnd(shown)}`);
    shown = line.length;
  };
  return {
    at(part, what, share) {
      if (silent || !stream.isTTY) return;
      const bar = '#'.repeat(Math.round(share * BAR)).padEnd(BAR, '.');
      rewrite(`[${bar}] ${Math.round(share * 100)} % ${part}: ${what}`);
    },
    done(part) {
      if (!silent && !stream.isTTY) stream.write(`${part}: done\n`);
    },
    end() {
      if (shown > 0) stream.write(`\r${' '.repeat(shown)}\r`);
    },
  };
}
