// npm run sbom: the bill of materials from the lock file.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArguments } from '../platform/process/args.ts';
import { Failure, runCommand } from '../platform/process/exit.ts';
import { billOfMaterials } from './cyclonedx.mjs';
import { forProduction, PLATFORMS, readLock } from './lock.mjs';

const USAGE = `npm run sbom -- [--platform PLATFORM] [--out FILE] [--help]
部品表(SBOM)を CycloneDX 1.6 の JSON で出力します / prints the bill of materials, CycloneDX 1.6 JSON

  --platform PLATFORM  only what the program needs there: ${Object.keys(PLATFORMS).join(', ')}
                       (else every package of the lock; those of development are marked "excluded")
  --out FILE           write it there instead of printing it

The same package-lock.json gives the same bytes; no network is needed.
Exit: 0 done, 1 lock or file not usable, 2 bad arguments.
`;

const ROOT = fileURLToPath(new URL('..', import.meta.url));

await runCommand(async () => {
  const { values } = parseArguments(USAGE, { platform: { type: 'string' }, out: { type: 'string' } });
  const { platform, out } = values;
  if (platform !== undefined && !Object.hasOwn(PLATFORMS, platform)) {
    throw new Failure(`--platform must be one of ${Object.keys(PLATFORMS).join(', ')}`, 2);
  }
  const lock = readLock(ROOT);
  const text = `${JSON.stringify(billOfMaterials(platform ? forProduction(lock, platform) : lock), null, 2)}\n`;
  if (out) writeTo(out, text);
  else process.stdout.write(text);
});

function writeTo(path, text) {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new Failure(`${path}: cannot be written (${error.code})`);
  }
}
