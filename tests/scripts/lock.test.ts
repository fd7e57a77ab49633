import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Locked {
  integrity?: string;
  optionalDependencies?: Record<string, string>;
}

const text = readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8');
const packages: Record<string, Locked> = JSON.parse(text).packages;

describe('package-lock.json', () => {
  it('names the packages of every platform, since npm ci refuses a lock without them', () => {
    // npm leaves them out when the registry in use does not carry them.
    const missing = Object.values(packages)
      .flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}))
      .filter((name) => !packages[`node_modules/${name}`]);
    expect(missing).toEqual([]);
  });

  it('has an integrity for every package of every platform', () => {
    const without = Object.entries(packages).filter(([path, entry]) => path !== '' && !entry.integrity);
    expect(without.map(([path]) => path)).toEqual([]);
  });

  it('names no registry, so that it works with any', () => {
    expect(text).not.toMatch(/"resolved"/);
  });
});
