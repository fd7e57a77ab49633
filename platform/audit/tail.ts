// Reading the ends of a log's file without reading all of it.
import { readSync } from 'node:fs';
import { LINE_MAX_BYTES } from './line.ts';

const TAIL_MAX_BYTES = 4 * LINE_MAX_BYTES;
const STEP_BYTES = 1024 * 1024;

/** The end of a log as it was found at the start. */
export interface FoundTail {
  /** The last complete lines, newlines cut off; all of them if the file is short. */
  readonly lines: Buffer[];
  readonly wholeFile: boolean;
  /** Bytes after the last newline, of a write that did not end. */
  readonly tornBytes: number;
}

export function readTail(file: number, size: number): FoundTail {
  const start = Math.max(0, size - TAIL_MAX_BYTES);
  const tail = readPart(file, start, size);
  const end = tail.lastIndexOf('\n') + 1;
  const begin = start === 0 ? 0 : tail.indexOf('\n') + 1;
  const tornBytes = tail.length - end;
  // A window without one newline is no torn line of ours but another file; it is left alone.
  if (tornBytes > LINE_MAX_BYTES) return { lines: [tail], wholeFile: false, tornBytes: 0 };
  return { lines: splitLines(tail.subarray(begin, end)), wholeFile: start === 0, tornBytes };
}

/** @returns the first line without its newline; as much of it as a line may have */
export function readFirstLine(file: number): Buffer {
  const bytes = readPart(file, 0, LINE_MAX_BYTES);
  const end = bytes.indexOf('\n');
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** @returns the last complete line that holds the text, without its newline, or null */
export function readLastLineWith(text: string, file: number, size: number): Buffer | null {
  for (let end = size; end > 0; end -= STEP_BYTES) {
    // A line that the step cuts in two lies whole in this one.
    const part = readPart(file, Math.max(0, end - STEP_BYTES - LINE_MAX_BYTES), end);
    const at = part.lastIndexOf(text);
    const lineEnd = part.indexOf('\n', at);
    if (at >= 0 && lineEnd >= 0) return part.subarray(part.lastIndexOf('\n', at) + 1, lineEnd);
  }
  return null;
}

function readPart(file: number, start: number, end: number): Buffer {
  const bytes = Buffer.alloc(end - start);
  return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, start));
}

function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf('\n', at);
    lines.push(bytes.subarray(at, end));
    at = end + 1;
  }
  return lines;
}
