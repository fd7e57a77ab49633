import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { searchMemory } from '#lab/process-memory.ts';
import { Search } from '#lab/search.ts';
import { needsRoot } from '#tests/support/need.ts';

/** Makes a secret of its own, says it, and keeps it; lives as long as its stdin. */
const KEEPER = `
  const { createSecretKey, randomBytes } = require('node:crypto');
  const kept = randomBytes(32);
  const key = createSecretKey(kept);
  console.log(kept.toString('hex'));
  process.stdin.on('end', () => process.exit(key ? 0 : 1)).resume();
`;

describe.skipIf(!needsRoot())('the memory of another process', () => {
  it('shows the secret that it keeps and no other, and the process goes on afterwards', async () => {
    const child = spawn(process.execPath, ['-e', KEEPER], { stdio: ['pipe', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    const [said] = await once(child.stdout, 'data');
    const search = new Search([
      { kind: 'kept', bytes: Buffer.from(String(said).trim(), 'hex') },
      { kind: 'other', bytes: randomBytes(32) },
    ]);
    const pid = child.pid as number;
    await searchMemory(search, pid);
    expect([search.found('kept'), search.found('other')]).toEqual([1, 0]);
    expect(search.bytes).toBeGreaterThan(5 * 1024 * 1024);
    expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).not.toMatch(/\) T/);
    child.stdin.end();
    expect(await exited).toEqual([0, null]);
    await expect(searchMemory(search, pid)).rejects.toThrow();
  });
});
