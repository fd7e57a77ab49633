// The memory of a running process, as whoever is root on its host can read it. Linux and root only.
import { existsSync, readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Searcher } from './search.ts';

const PIECE_BYTES = 4 * 1024 * 1024;
const PAGE_BYTES = 4096;
const STOPPED_MAX_MS = 5_000;
/** Of a page's entry in /proc/PID/pagemap, its highest byte: in memory, or swapped out. */
const PRESENT_OR_SWAPPED = 0xc0;

interface Region {
  readonly start: number;
  readonly end: number;
}

/**
 * Looks through everything that the process has written to memory, its heap, its threads' stacks and its libraries' data.
 * It stands still meanwhile, so that nothing moves from where the search has not been to where it was.
 * @throws Error if the process is gone, or not to be read
 */
export async function searchMemory(search: Searcher, pid: number): Promise<void> {
  const goOn = () => {
    try {
      process.kill(pid, 'SIGCONT');
    } catch {
      // gone meanwhile
    }
  };
  // A process that stands still cannot even notice that whoever stopped it has died.
  process.once('exit', goOn);
  process.kill(pid, 'SIGSTOP');
  const files: FileHandle[] = [];
  try {
    const memory = await open(`/proc/${pid}/mem`);
    files.push(memory);
    const pages = await open(`/proc/${pid}/pagemap`);
    files.push(pages);
    await stopped(pid);
    for (const region of writtenRegions(pid)) {
      search.cut();
      await searchRegion(search, region, memory, pages);
    }
    search.cut();
  } finally {
    goOn();
    process.off('exit', goOn);
    await Promise.all(files.map((file) => file.close()));
  }
}

async function stopped(pid: number): Promise<void> {
  const until = performance.now() + STOPPED_MAX_MS;
  // "pid (name) state …": the name may hold anything
  const state = () => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.[0];
  while (state() !== 'T') {
    if (performance.now() > until) throw new Error(`process ${pid} did not stop`);
    await delay(2);
  }
}

/** What the process can write: the rest are files that lie on the disk as they are. */
function writtenRegions(pid: number): Region[] {
  if (!existsSync(`/proc/${pid}/maps`)) throw new Error(`process ${pid} is gone`);
  return readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, start, end, rights] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line) ?? [];
      if (!start || !end || !rights?.startsWith('r') || (!rights.includes('w') && !rights.includes('x'))) return [];
      return [{ start: Number.parseInt(start, 16), end: Number.parseInt(end, 16) }];
    });
}

async function searchRegion(
  search: Searcher,
  { start, end }: Region,
  memory: FileHandle,
  pages: FileHandle,
): Promise<void> {
  for (let from = start; from < end; from += PIECE_BYTES) {
    const length = Math.min(PIECE_BYTES, end - from);
    for (const [offset, bytes] of await usedParts(pages, from, length)) {
      if (offset > 0) search.cut();
      const piece = Buffer.allocUnsafe(bytes);
      const read = await memory.read(piece, 0, bytes, from + offset).catch(() => ({ bytesRead: 0 }));
      search.push(piece.subarray(0, read.bytesRead));
    }
  }
}

/** Of a piece of address space what has ever been touched, as offset and length: the rest is zeros that cost time. */
async function usedParts(pages: FileHandle, from: number, length: number): Promise<[number, number][]> {
  const count = length / PAGE_BYTES;
  const entries = Buffer.alloc(8 * count);
  await pages.read(entries, 0, entries.length, 8 * (from / PAGE_BYTES));
  const parts: [number, number][] = [];
  for (let page = 0; page < count; page++) {
    if (((entries[8 * page + 7] ?? 0) & PRESENT_OR_SWAPPED) === 0) continue;
    const last = parts.at(-1);
    if (last && last[0] + last[1] === page * PAGE_BYTES) last[1] += PAGE_BYTES;
    else parts.push([page * PAGE_BYTES, PAGE_BYTES]);
  }
  return parts;
}
