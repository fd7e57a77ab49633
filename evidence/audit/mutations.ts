// What somebody who can write a log's files may do to them, chosen at random from a seed, so that a run can be repeated.
import { createHash } from 'node:crypto';

export const KINDS = ['edit', 'delete', 'insert', 'reorder', 'rechain', 'drop', 'cut'] as const;
export type Kind = (typeof KINDS)[number];

export interface LogLine {
  readonly file: string;
  readonly text: string;
}

/** @returns an even choice of 0 … n - 1, the same ones for the same seed */
export function picker(seed: string): (n: number) => number {
  let count = 0;
  return (n) => {
    const digest = createHash('sha256').update(`${seed} ${count++}`).digest();
    return digest.readUIntBE(0, 6) % n;
  };
}

/**
 * @param lines of a whole log, oldest first
 * @param anchored how many of them an anchor proves: behind it a cut leaves no trace, and the log claims no more
 */
export function mutate(
  lines: readonly LogLine[],
  kind: Kind,
  anchored: number,
  pick: (n: number) => number,
): LogLine[] {
  const at = pick(anchored);
  const chosen = lines[at];
  if (!chosen) throw new Error('nothing is anchored');
  switch (kind) {
    case 'edit':
      return lines.toSpliced(at, 1, { ...chosen, text: edited(chosen.text, pick) });
    case 'delete':
      return lines.toSpliced(at, 1);
    case 'insert':
      return lines.toSpliced(pick(anchored), 0, chosen);
    case 'reorder': {
      const other = (at + 1 + pick(anchored - 1)) % anchored;
      const exchanged = lines[other] ?? chosen;
      // Each keeps the file it is put into: the last line of one and the first of the next would change nothing else.
      return lines.with(at, { ...chosen, text: exchanged.text }).with(other, { ...exchanged, text: chosen.text });
    }
    case 'rechain':
      return rechained(lines, at);
    case 'drop':
      return lines.filter(({ file }) => file !== chosen.file);
    case 'cut':
      return lines.slice(0, at);
  }
}

/** One character becomes another; never a line end, which would make two lines. */
function edited(text: string, pick: (n: number) => number): string {
  const at = pick(text.length);
  const other = String.fromCharCode(33 + ((text.charCodeAt(at) - 33 + 1 + pick(92)) % 93));
  return text.slice(0, at) + other + text.slice(at + 1);
}

/** Another time in one line, and every digest from there on as it should be: the chain holds again, all of it forged. */
function rechained(lines: readonly LogLine[], from: number): LogLine[] {
  let previous = '';
  return lines.map(({ file, text }, i) => {
    if (i < from) return { file, text };
    const { digest: _, ...content } = JSON.parse(text);
    const changed = i === from ? { ...content, time: '2001-01-01T00:00:00.000Z' } : { ...content, previous };
    const open = JSON.stringify(changed).slice(0, -1);
    previous = createHash('sha256').update(open).digest('hex');
    return { file, text: `${open},"digest":"${previous}"}` };
  });
}
