import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { HEAP } from '#platform/process/heap.ts';

const project = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

it('asks V8 for what this version of V8 knows', () => {
  const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  for (const flag of HEAP) expect(known).toContain(`  ${flag.split('=')[0]} (`);
});

it.each(['gateway', 'broker', 'agent'])('is what the systemd unit of the %s says', (role) => {
  const unit = project(`deploy/systemd/telework-${role}.service`);
  expect(unit).toContain(` ${HEAP.join(' ')} /opt/telework/${role}/main.ts `);
});

it('is what npm run bench says, whose process is the line’s delay', () => {
  expect(JSON.parse(project('package.json')).scripts.bench).toContain(` ${HEAP.join(' ')} bench/main.ts`);
});
