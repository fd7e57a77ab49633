import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { RELAY_HEAP } from '#platform/hop/heap.ts';

it('asks V8 for what this version of V8 knows', () => {
  const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  for (const flag of RELAY_HEAP) expect(known).toContain(`  ${flag.split('=')[0]} (`);
});

it.each(['gateway', 'broker'])('is what the systemd unit of the %s says', (relay) => {
  const unit = readFileSync(new URL(`../../../deploy/systemd/telework-${relay}.service`, import.meta.url), 'utf8');
  expect(unit).toContain(` ${RELAY_HEAP.join(' ')} /opt/telework/${relay}/main.ts `);
});
