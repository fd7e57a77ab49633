// J1: the bill of materials against the lock it is made from, and against what really lies in the package.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { mustRun, ROOT } from '#lab/process.ts';
import type { Judgement, Proof } from '../proof.ts';
import { live } from './live.ts';
import { packages } from './packages.ts';
import { verdict } from './verdict.ts';

const bill = z.object({
  specVersion: z.string(),
  components: z.array(
    z.object({
      group: z.string().optional(),
      name: z.string(),
      version: z.string(),
      hashes: z.tuple([z.object({ content: z.string() })]),
    }),
  ),
});
const lock = z.object({
  packages: z.record(z.string(), z.object({ version: z.string(), integrity: z.string().optional() })),
});

/** What one list has and another has not: "name@version" or "name@version SHA-512". */
export interface Difference {
  readonly lacking: readonly string[];
  readonly besides: readonly string[];
}

export interface BillSeen {
  readonly specVersion: string;
  readonly components: number;
  readonly sameTwice: boolean;
  /** The whole bill against the lock, with the hashes. */
  readonly lock: Difference;
  /** The package's own bill against the packages that lie in it. */
  readonly packaged: Difference & { readonly components: number };
  /** The whole bill without its first component against the lock. */
  readonly control: Difference;
}

export const billOfMaterials: Proof<BillSeen> = {
  name: 'j1-sbom',
  requirements: ['J1'],
  claim: {
    ja: '部品表(SBOM)は固定された依存と一致し、配布物の中身とも一致する',
    en: 'the bill of materials is what the lock pins, and what lies in the package',
  },
  tried: {
    ja: 'npm run sbom の出力を package-lock.json の名前・版・SHA-512 と、配布物の中の部品表を、展開した node_modules にある全パッケージと比べた',
    en: 'compared what npm run sbom prints with the names, versions and SHA-512 of package-lock.json, and the bill in the package with every package in the unpacked node_modules',
  },
  needs: [],
  async collect(run) {
    const text = await mustRun('scripts/sbom.mjs', [], run.signal);
    const again = await mustRun('scripts/sbom.mjs', [], run.signal);
    const whole = bill.parse(JSON.parse(text));
    const locked = lockedIn(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
    // The system that other proofs look at comes up beside the builds; what goes wrong with it is theirs to say.
    const [{ unpacked }] = await Promise.all([run.stage(packages), run.stage(live).catch(() => null)]);
    const own = bill.parse(JSON.parse(readFileSync(join(unpacked, 'sbom.cdx.json'), 'utf8')));
    const names = own.components.map((component) => nameOf(component));
    return {
      specVersion: whole.specVersion,
      components: whole.components.length,
      sameTwice: text === again,
      lock: differenceOf(whole.components.map(withHash), locked),
      packaged: { ...differenceOf(names, installedIn(unpacked)), components: names.length },
      control: differenceOf(whole.components.slice(1).map(withHash), locked),
    };
  },
  judge: judgeBill,
};

type Component = z.infer<typeof bill>['components'][number];
const nameOf = ({ group, name, version }: Component) => `${group ? `${group}/` : ''}${name}@${version}`;
const withHash = (component: Component) => `${nameOf(component)} ${component.hashes[0].content}`;

function lockedIn(text: string): string[] {
  const { '': _own, ...others } = lock.parse(JSON.parse(text)).packages;
  return Object.entries(others).map(([path, { version, integrity = '' }]) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    return `${name}@${version} ${Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex')}`;
  });
}

/** By each package's own package.json, at any depth. */
function installedIn(unpacked: string): string[] {
  const paths = readdirSync(join(unpacked, 'node_modules'), { recursive: true, encoding: 'utf8' });
  return paths
    .filter((path) => /(?:^|node_modules\/)(?:@[^/]+\/)?[^/@]+\/package\.json$/.test(path))
    .map(
      (path) =>
        JSON.parse(readFileSync(join(unpacked, 'node_modules', path), 'utf8')) as { name: string; version: string },
    )
    .map(({ name, version }) => `${name}@${version}`);
}

export function differenceOf(said: readonly string[], there: readonly string[]): Difference {
  return {
    lacking: there.filter((one) => !said.includes(one)),
    besides: said.filter((one) => !there.includes(one)),
  };
}

export function judgeBill({
  specVersion,
  components,
  sameTwice,
  lock: locked,
  packaged,
  control,
}: BillSeen): Judgement {
  const wrong = [
    ...locked.lacking.map((one) => `in the lock alone: ${one}`),
    ...locked.besides.map((one) => `in the bill alone: ${one}`),
    ...packaged.lacking.map((one) => `in the package alone: ${one}`),
    ...packaged.besides.map((one) => `in the package's bill alone: ${one}`),
    ...(sameTwice ? [] : ['two runs gave two bills']),
    ...(components > 0 && packaged.components > 0 ? [] : ['a bill is empty']),
    ...(control.lacking.length > 0 ? [] : ['a bill with a component less is not noticed']),
  ];
  return verdict(wrong, {
    ja: `CycloneDX ${specVersion}、全 ${components} 部品が固定された依存と一致。配布物の ${packaged.components} 部品も一致`,
    en: `CycloneDX ${specVersion}: all ${components} components as locked; the ${packaged.components} of the package as they lie in it`,
  });
}
