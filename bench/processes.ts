// What the processes of a run cost, from the kernel's own accounting: CPU time of all threads in nanoseconds
// (/proc/PID/task/*/schedstat) and resident memory. What the rest of the machine did meanwhile stands beside them, since it
// takes part in every figure. On a system without /proc nothing is told rather than something wrong.
import { readdirSync, readFileSync } from 'node:fs';
import type { ProcessUse } from './result.ts';

export interface Watched {
  readonly name: string;
  readonly pid: number;
}

/** Everything that ran on this machine and is not ours, and what the host took from it. */
export const OTHERS = 'others';
/** Of /proc/stat, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Reads the CPU time now; `use` says what was used since. A process that ended meanwhile is left out. */
export function watch(processes: readonly Watched[]): { use(): ProcessUse[] } {
  const began = performance.now();
  const before = processes.map(({ pid }) => cpuSecondsOf(pid));
  const allBefore = busySeconds();
  return {
    use() {
      const seconds = (performance.now() - began) / 1000;
      const ours = processes.flatMap(({ name, pid }, i) => {
        const after = cpuSecondsOf(pid);
        const first = before[i];
        if (after === null || first === null || first === undefined) return [];
        const cpuSeconds = round(Math.max(0, after - first));
        return [{ name, cpuSeconds, cpuShare: round(cpuSeconds / seconds), rssMiB: Math.round(rssOf(pid) / 2 ** 20) }];
      });
      const all = busySeconds();
      if (all === null || allBefore === null) return ours;
      const known = ours.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
      const cpuSeconds = round(Math.max(0, all - allBefore - known));
      return [...ours, { name: OTHERS, cpuSeconds, cpuShare: round(cpuSeconds / seconds), rssMiB: 0 }];
    },
  };
}

/** Of all cores, whatever ran: user, nice, system, irq, softirq, steal. @returns null without /proc */
function busySeconds(): number | null {
  try {
    const [, user, nice, system, , , irq, softirq, steal] =
      readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.split(/ +/) ?? [];
    const ticks = [user, nice, system, irq, softirq, steal].reduce((sum, one) => sum + Number(one), 0);
    return Number.isFinite(ticks) ? ticks / TICKS_PER_SECOND : null;
  } catch {
    return null;
  }
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
