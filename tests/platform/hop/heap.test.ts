import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { HEAP_FLAGS } from '#platform/hop/heap.ts';

it('asks V8 for what this version of V8 knows', () => {
  const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  for (const flag of [...HEAP_FLAGS, '--max-semi-space-size=1']) expect(known).toContain(`  ${flag.split('=')[0]} (`);
});
