// Few packages, and each a decision: one more is found here.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '#tests/support/run-script.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const { dependencies, devDependencies, allowScripts } = JSON.parse(read('package.json'));
const limits = [...read('docs/vulnerability-handling.md').matchAll(/^\| (direct|packages)[^|]* \| (\d+) \|/gm)];
const limitOf = (what: string) => Number(limits.find(([, first]) => first === what)?.[2]);

describe('the packages', () => {
  it('that the product names itself are as many as docs/vulnerability-handling.md says', () => {
    expect(Object.keys(dependencies)).toHaveLength(limitOf('direct'));
  });

  it('that a host gets are as many as it says', async () => {
    const { stdout } = await run(process.execPath, [join(ROOT, 'scripts/sbom.mjs'), '--platform', 'linux-x64']);
    expect(JSON.parse(stdout).components).toHaveLength(limitOf('packages'));
  });

  it('have a reason each in docs/decisions/0002-dependencies.md', () => {
    const reasons = read('docs/decisions/0002-dependencies.md');
    const named = [...Object.keys(dependencies), ...Object.keys(devDependencies)].filter(
      (name) => !name.startsWith('@types/'),
    );
    expect(named.filter((name) => !reasons.includes(name))).toEqual([]);
  });

  it('have one exact version each', () => {
    for (const version of Object.values({ ...dependencies, ...devDependencies }))
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('run no script at installation', () => {
    const scripted = Object.entries<{ hasInstallScript?: boolean }>(JSON.parse(read('package-lock.json')).packages)
      .filter(([, entry]) => entry.hasInstallScript)
      .map(([path]) => path.replace('node_modules/', ''));
    expect(scripted.filter((name) => allowScripts[name] !== false)).toEqual([]);
  });
});
