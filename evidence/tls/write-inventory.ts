// npm run inventory: writes docs/crypto-inventory.md anew. It does not if the sources call what no row has.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '#lab/process.ts';
import { parseArguments } from '#platform/process/args.ts';
import { Failure, runCommand } from '#platform/process/exit.ts';
import { DOCUMENT, inventoryDocument } from './inventory/document.ts';
import { compare } from './inventory/inventory.ts';
import { primitivesOf } from './primitives.ts';

const USAGE = `npm run inventory           ${DOCUMENT} を作り直します / writes ${DOCUMENT} anew`;

await runCommand(async () => {
  parseArguments(USAGE, {});
  const { unlisted, gone } = compare(primitivesOf(ROOT));
  const [first] = [
    ...unlisted.map((one) => `in no row: ${one}`),
    ...gone.map((one) => `in no source any more: ${one}`),
  ];
  if (first) throw new Failure(`evidence/tls/inventory: ${unlisted.length + gone.length} differences; ${first}`);
  writeFileSync(join(ROOT, DOCUMENT), inventoryDocument());
  process.stdout.write(`${DOCUMENT}\n`);
});
