// What a process tree has cost, from the kernel's own books.
import { readdirSync, readFileSync } from 'node:fs';

/** @returns seconds of CPU that the trees below `roots` have had so far; threads and children that ended are not in it */
export function cpuSeconds(roots: readonly number[]): number {
  let nanoseconds = 0;
  for (const pid of processTree(roots)) {
    for (const task of listed(`/proc/${pid}/task`)) {
      // Time on the CPU, time waiting for one, time slices: to the nanosecond, where /proc/PID/stat counts 10 ms.
      nanoseconds += Number(read(`/proc/${pid}/task/${task}/schedstat`).split(' ')[0] ?? 0);
    }
  }
  return nanoseconds / 1e9;
}

/** @returns bytes of memory in use; pages that processes share are counted for each */
export function residentBytes(roots: readonly number[]): number {
  return processTree(roots)
    .map((pid) => Number(/^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024)
    .reduce((sum, bytes) => sum + bytes, 0);
}

/** @returns whether this kernel keeps these books */
export function accountingIsThere(): boolean {
  return /^\d+ \d+ \d+\n$/.test(read('/proc/self/schedstat'));
}

/** @returns `roots` and all that descend from them */
export function processTree(roots: readonly number[]): number[] {
  const tree = new Set(roots);
  for (const pid of tree) {
    for (const task of listed(`/proc/${pid}/task`)) {
      for (const child of read(`/proc/${pid}/task/${task}/children`).split(' ')) if (child) tree.add(Number(child));
    }
  }
  return [...tree];
}

/** A process may end while it is looked at. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function listed(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
