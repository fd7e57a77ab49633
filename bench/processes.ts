// What the processes of a run cost, from the kernel's own accounting: the time that all threads ran, and the time that
// they could have run and had no core (/proc/PID/task/*/schedstat, nanoseconds), and resident memory. What the rest of the
// machine did meanwhile stands beside them, since it takes part in every figure. On a system without /proc nothing is told
// rather than something wrong.
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
  const before = processes.map(({ pid }) => coreTimeOf(pid));
  const allBefore = busySeconds();
  return {
    use() {
      const seconds = (performance.now() - began) / 1000;
      const ours = processes.flatMap(({ name, pid }, i) => {
        const after = coreTimeOf(pid);
        const first = before[i];
        if (!after || !first) return [];
        const cpuSeconds = round(Math.max(0, after.ranSeconds - first.ranSeconds));
        const waitShare = round(Math.max(0, after.waitedSeconds - first.waitedSeconds) / seconds);
        const rssMiB = Math.round(rssOf(pid) / 2 ** 20);
        return [{ name, cpuSeconds, cpuShare: round(cpuSeconds / seconds), waitShare, rssMiB }];
      });
      const all = busySeconds();
      if (all === null || allBefore === null) return ours;
      const known = ours.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
      const cpuSeconds = round(Math.max(0, all - allBefore - known));
      return [...ours, { name: OTHERS, cpuSeconds, cpuShare: round(cpuSeconds / seconds), waitShare: 0, rssMiB: 0 }];
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

interface CoreTime {
  /** On a core. */
  ranSeconds: number;
  /** Runnable, while others had the cores. */
  waitedSeconds: number;
}

/** A thread that has ended takes its time with it; ours live as long as their process. @returns null without /proc */
function coreTimeOf(pid: number): CoreTime | null {
  try {
    const threads = readdirSync(`/proc/${pid}/task`).map((thread) => schedstatOf(pid, thread));
    const sum = (of: 0 | 1) => threads.reduce((all, thread) => all + thread[of], 0) / 1e9;
    return { ranSeconds: sum(0), waitedSeconds: sum(1) };
  } catch {
    return null;
  }
}

/** Nanoseconds: ran, waited. */
function schedstatOf(pid: number, thread: string): [number, number] {
  try {
    const [ran, waited] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ').map(Number);
    return [ran ?? 0, waited ?? 0];
  } catch {
    return [0, 0]; // ended between the listing and now
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
