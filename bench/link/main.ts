// The delay as a process of its own, for a host that is not bench's. bench/main starts it.
import * as z from 'zod';
import { parseArguments } from '#platform/process/args.ts';
import { readConfig } from '#platform/process/config.ts';
import { Failure } from '#platform/process/exit.ts';
import { announceReady } from '#platform/process/ready.ts';
import { runProcess } from '#platform/process/stop.ts';
import { openDelay } from './delay.ts';

const USAGE = `the delay of bench's line; npm run bench starts it: node bench/link/main.ts --config link.json`;

const end = z.strictObject({ host: z.union([z.ipv4(), z.ipv6()]), port: z.int().min(1).max(65_535) });
const schema = z.strictObject({ to: end, listen: end, roundTripMs: z.number().min(0).max(500) });

runProcess('link', async (life) => {
  const { values } = parseArguments(USAGE, { config: { type: 'string' } });
  if (!values.config) throw new Failure('--config FILE is missing; --help shows the usage', 2);
  const link = await openDelay(readConfig(values.config, schema));
  life.onStop(() => link.close());
  announceReady({ name: 'link', port: link.port });
});
