// Makes the grant key of a planned roll-over. The gateway makes its first one by itself; this one goes into its place once
// every agent pins it (deploy/README.md).
import { resolve } from 'node:path';
import { parseArguments } from '#platform/process/args.ts';
import { Failure, runCommand } from '#platform/process/exit.ts';
import { makeGrantKey } from './grants.ts';

const USAGE = `
node gateway/make-grant-key.ts --out FILE.pem    makes a grant key, and FILE.pub.pem for the agents

  --json   print one object
`;

await runCommand(async () => {
  const { values } = parseArguments(USAGE, { out: { type: 'string' }, json: { type: 'boolean', default: false } });
  if (!values.out) throw new Failure('--out FILE is missing; --help shows the usage', 2);
  const key = resolve(values.out);
  const publicHalf = makeGrantKey(key);
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ key, publicHalf })}\n`
      : `${key}\nエージェントに渡す公開鍵 / for the agents: ${publicHalf}\n`,
  );
});
