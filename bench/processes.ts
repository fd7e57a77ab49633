// What the processes of a run cost, from the kernel's own accounting: CPU time of all threads in nanoseconds
// (/proc/PID/task/*/schedstat) and resident memory. On a system without it nothing is told rather than something wrong.
import { readdirSync, readFileSync } from 'node:fs';
import type { ProcessUse } from './result.ts';

export interface Watched {
  readonly name: string;
  readonly pid: number;
}

/** Reads the CPU time now; `use` says what was used since. A process that ended meanwhile is left out. */
export function watch(processes: readonly Watched[]): { use(): ProcessUse[] } {
  const began = performance.now();
  const before = processes.map(({ pid }) => cpuSecondsOf(pid));
  return {
    use() {
      const seconds = (performance.now() - began) / 1000;
      return processes.flatMap(({ name, pid }, i) => {
        const after = cpuSecondsOf(pid);
        const first = before[i];
        if (after === null || first === null || first === undefined) return [];
        const cpuSeconds = round(Math.max(0, after - first));
        return [{ name, cpuSeconds, cpuShare: round(cpuSeconds / seconds), rssMiB: Math.round(rssOf(pid) / 2 ** 20) }];
      });
    },
  };
}

/** A thread that has ended takes its time with it; ours live as long as their process. @returns null without /proc */
function cpuSecondsOf(pid: number): number | null {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.reduce((sum, thread) => sum + threadNanoseconds(pid, thread), 0) / 1e9;
  } catch {
    return null;
  }
}

function threadNanoseconds(pid: number, thread: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  } catch {
    return 0; // ended between the listing and now
  }
}

/** In bytes; 0 if it cannot be read. */
export function rssOf(pid: number): number {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kib ?? 0) * 1024;
  } catch {
    return 0;
  }
}

const round = (value: number) => Math.round(value * 10_000) / 10_000;
