// J1: two builds, one digest; every file by its own; a signature that openssl verifies.
import { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Judgement, Proof } from '../proof.ts';
import { type Packages, packages, readSums } from './packages.ts';
import { runProgram } from './program.ts';
import { verdict } from './verdict.ts';

/** Of the unpacked package; a byte of it is changed for the control and put back. */
const CHANGED = 'gateway/main.ts';

export interface PackageSeen {
  readonly digests: readonly [string, string];
  readonly files: number;
  readonly packages: number;
  /** Exit codes of sha256sum -c over the unpacked package: as it is, and with one byte changed. */
  readonly sums: { readonly intact: number | null; readonly changed: number | null; readonly listed: number };
  /** Exit codes of openssl over the archive: as it is, and one byte shorter. */
  readonly signature: { readonly intact: number | null; readonly changed: number | null };
}

export const reproduciblePackage: Proof<PackageSeen> = {
  name: 'j1-package',
  requirements: ['J1'],
  claim: {
    ja: '配布物は、だれがどこで作っても同じ中身になり、中のファイルと署名を確かめられる',
    en: 'the package is the same wherever it is made, and its files and signature can be checked',
  },
  tried: {
    ja: '配布物を二度作った。二度目は、ソースの写しから、別のフォルダー・時刻帯・言語・umask で。展開して SHA256SUMS を、openssl で署名を確かめ、どちらも一バイト変えて見破られることを確かめた',
    en: 'made it twice, the second time from a copy of the sources in another folder, time zone, language and umask; checked SHA256SUMS after unpacking and the signature by openssl, each with a byte changed, too',
  },
  needs: [{ program: 'openssl', package: 'openssl' }],
  async collect(run) {
    run.progress(0.1, 'two builds');
    const both = await run.stage(packages);
    const { here, elsewhere, unpacked } = both;
    writeFileSync(join(run.folder, 'SHA256SUMS'), readSums(unpacked));
    copyFileSync(join(unpacked, 'sbom.cdx.json'), join(run.folder, 'sbom.cdx.json'));
    return {
      digests: [here.sha256, elsewhere.sha256],
      files: here.files,
      packages: here.packages,
      sums: await checkSums(unpacked, run.signal),
      signature: await checkSignature(both, run.signal),
    };
  },
  judge: judgePackage,
};

async function checkSums(unpacked: string, signal: AbortSignal): Promise<PackageSeen['sums']> {
  const check = async () => {
    const ended = await runProgram('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: unpacked, signal });
    return ended.code;
  };
  const listed = readSums(unpacked).trimEnd().split('\n').length;
  const intact = await check();
  const path = join(unpacked, CHANGED);
  const before = readFileSync(path);
  writeFileSync(path, Buffer.concat([before, Buffer.from('\n')]));
  const changed = await check();
  writeFileSync(path, before);
  return { intact, changed, listed };
}

async function checkSignature(
  { here, elsewhere, publicKey }: Packages,
  signal: AbortSignal,
): Promise<PackageSeen['signature']> {
  const check = async (archive: string) => {
    const args = ['dgst', '-sha256', '-verify', publicKey, '-signature', `${here.archive}.sig`, archive];
    return (await runProgram('openssl', args, { signal })).code;
  };
  const intact = await check(here.archive);
  // The other archive has served its purpose: its digest is known.
  truncateSync(elsewhere.archive, readSize(elsewhere.archive) - 1);
  return { intact, changed: await check(elsewhere.archive) };
}

const readSize = (path: string) => statSync(path).size;

export function judgePackage({
  digests: [one, other],
  files,
  packages: count,
  sums,
  signature,
}: PackageSeen): Judgement {
  const wrong = [
    ...(/^[0-9a-f]{64}$/.test(one) && one === other ? [] : [`two builds, two digests: ${one}, ${other}`]),
    ...(sums.intact === 0 ? [] : ['a file is not as SHA256SUMS has it']),
    ...(sums.changed !== 0 ? [] : ['sha256sum does not notice a changed byte']),
    ...(sums.listed > 100 ? [] : [`SHA256SUMS lists ${sums.listed} files`]),
    ...(signature.intact === 0 ? [] : ['the signature does not verify']),
    ...(signature.changed !== 0 ? [] : ['the signature verifies over other bytes']),
  ];
  return verdict(wrong, {
    ja: `二度とも SHA-256 は ${one}。${files} ファイル、${count} パッケージ`,
    en: `SHA-256 ${one} both times; ${files} files, ${count} packages (${basename(CHANGED)} changed and the archive shortened: both noticed)`,
  });
}
