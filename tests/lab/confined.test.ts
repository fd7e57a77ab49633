import { describe, expect, it } from 'vitest';
import { CONFINED_USER, confined } from '#lab/confined.ts';
import { here } from '#lab/process.ts';

const optionsOf = (unit: 'gateway' | 'broker' | 'agent') => confined(here, unit)('node', ['x.ts'])[1];

describe('a confined process', () => {
  it.each(['gateway', 'broker'] as const)('keeps of root nothing but ports below 1024: %s', (unit) => {
    const [, [...options]] = confined(here, unit)('node', ['x.ts']);
    for (const set of ['bounding-set', 'inh-caps', 'ambient-caps']) {
      expect(options.find((option) => option.startsWith(`--${set}=`))).toMatch(
        new RegExp(`^--${set}=-all,\\+net_bind_service(?:,\\+dac_read_search)?$`),
      );
    }
  });

  it('keeps nothing at all as the agent, which binds no port', () => {
    expect(optionsOf('agent').join(' ')).not.toMatch(/\+net/);
  });

  it('is another user than root, for good, and the command comes last', () => {
    expect(optionsOf('agent')).toEqual(expect.arrayContaining([`--reuid=${CONFINED_USER}`, '--no-new-privs']));
    expect(CONFINED_USER).toBeGreaterThan(0);
    expect(optionsOf('broker').slice(-3)).toEqual(['--', 'node', 'x.ts']);
  });
});
