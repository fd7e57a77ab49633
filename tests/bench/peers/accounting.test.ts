import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { accountingIsThere, cpuSeconds, processTree, residentBytes } from '#bench/peers/accounting.ts';

describe.skipIf(!accountingIsThere())("the kernel's accounting", () => {
  it('counts what a process and its children have worked', async () => {
    const work = 'const end = Date.now() + 50; while (Date.now() < end);';
    const parent = `
      const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(`${work} process.send('done'); setInterval(() => {}, 1000)`)}],
        { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
      child.once('message', () => process.stdout.write(String(child.pid)));
      process.stdin.resume().on('end', () => child.kill());`;
    const process_ = spawn(process.execPath, ['-e', parent], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      const [said] = (await once(process_.stdout, 'data')) as [Buffer];
      const [root, child] = [process_.pid as number, Number(said.toString())];
      expect(processTree([root])).toEqual([root, child]);
      expect(cpuSeconds([root])).toBeGreaterThan(cpuSeconds([child]));
      expect(cpuSeconds([child])).toBeGreaterThan(0.01);
      expect(residentBytes([root])).toBeGreaterThan(residentBytes([child]));
    } finally {
      process_.stdin.end();
      await once(process_, 'exit');
    }
  });

  it('says nothing was used by a process that is not there', () => {
    expect(cpuSeconds([2 ** 22])).toBe(0);
    expect(residentBytes([2 ** 22])).toBe(0);
  });
});
