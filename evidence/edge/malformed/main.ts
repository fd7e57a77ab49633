// Malformed input by the million, in a process of its own whose heap is nobody else's. Only wiring.
import { parseArguments } from '#platform/process/args.ts';
import { Failure, runCommand } from '#platform/process/exit.ts';
import { LOOKS, parseMalformed } from './parsers.ts';

const USAGE = `The evidence run's malformed input: node --expose-gc evidence/edge/malformed/main.ts --count N`;

await runCommand(async () => {
  const { values } = parseArguments(USAGE, { count: { type: 'string' } });
  const count = Number(values.count);
  if (!Number.isInteger(count) || count < LOOKS) throw new Failure(`--count must be a number of at least ${LOOKS}`, 2);
  const collectGarbage = globalThis.gc;
  if (!collectGarbage) throw new Failure('start it with --expose-gc', 2);
  // A million traces of the same few lines.
  Error.stackTraceLimit = 0;
  process.stdout.write(`${JSON.stringify(parseMalformed(count, collectGarbage))}\n`);
  return 0;
});
