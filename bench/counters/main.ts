// What broker and kernel have counted, read at one moment on the broker's own host: its metrics are on loopback there, and
// a network device is seen from its own namespace only. bench/main starts it.
import * as z from 'zod';
import { parseArguments } from '#platform/process/args.ts';
import { filePath, readConfig } from '#platform/process/config.ts';
import { Failure } from '#platform/process/exit.ts';
import { serveLocal } from '#platform/process/local-socket.ts';
import { announceReady } from '#platform/process/ready.ts';
import { runProcess } from '#platform/process/stop.ts';
import { readEgress } from '../egress.ts';
import { DEVICE } from '../network/device.ts';

const USAGE = `bench's counting; npm run bench starts it: node bench/counters/main.ts --config counters.json`;

const schema = z.strictObject({
  metricsPort: z.int().min(1).max(65_535),
  device: z.string().regex(DEVICE),
  socket: filePath,
});

runProcess('counters', async (life) => {
  const { values } = parseArguments(USAGE, { config: { type: 'string' } });
  if (!values.config) throw new Failure('--config FILE is missing; --help shows the usage', 2);
  const { metricsPort, device, socket } = readConfig(values.config, schema);
  const local = await serveLocal(socket, { read: () => readEgress(metricsPort, device) });
  life.onStop(() => local.close());
  announceReady({ name: 'counters' });
});
