import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { expect, it } from 'vitest';
import { OTHERS, watch } from '#bench/processes.ts';

const SPIN = `const end = performance.now() + 600; while (performance.now() < end); process.stdout.write('.'); process.stdin.resume()`;

it.runIf(existsSync('/proc/self/schedstat'))(
  'tells what processes ran, and how long they could have run while others had the cores',
  async () => {
    // One more than there are cores: they cannot all run all the time.
    const spinning = Array.from({ length: availableParallelism() + 1 }, () =>
      spawn(process.execPath, ['-e', SPIN], { stdio: ['pipe', 'pipe', 'ignore'] }),
    );
    try {
      await Promise.all(spinning.map((child) => once(child, 'spawn')));
      const watched = watch(spinning.map(({ pid }, i) => ({ name: `spin-${i}`, pid: pid as number })));
      await Promise.all(spinning.map(({ stdout }) => once(stdout, 'data')));
      const use = watched.use();
      const ours = use.filter(({ name }) => name !== OTHERS);
      expect(ours.length).toBe(spinning.length);
      const sum = (of: 'cpuSeconds' | 'waitShare') => ours.reduce((all, one) => all + one[of], 0);
      expect(sum('cpuSeconds')).toBeGreaterThan(0.5);
      expect(sum('waitShare')).toBeGreaterThan(0.1);
      for (const { rssMiB } of ours) expect(rssMiB).toBeGreaterThan(10);
    } finally {
      for (const child of spinning) child.kill('SIGKILL');
    }
  },
);

it('leaves out a process that is gone', () => {
  expect(
    watch([{ name: 'gone', pid: 2 ** 22 + 1 }])
      .use()
      .filter(({ name }) => name === 'gone'),
  ).toEqual([]);
});
