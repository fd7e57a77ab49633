// The broker process: configuration, audit log, two listeners.
import { join } from 'node:path';
import { openAudit } from '#platform/audit/chain.ts';
import { parseArguments } from '#platform/process/args.ts';
import { Failure } from '#platform/process/exit.ts';
import { createLog } from '#platform/process/log.ts';
import { announceReady } from '#platform/process/ready.ts';
import { runProcess } from '#platform/process/stop.ts';
import { type Broker, startBroker } from './broker.ts';
import { readBrokerConfig } from './config.ts';
import { followLine } from './line-file.ts';

const USAGE = `The broker: pairs the gateways' and the agents' connections and relays sealed records between them.

  node broker/main.ts --config broker.json

Gateways and agents dial in on two listeners with separate authorities. Prints one JSON line once it serves.
"line" in broker.json, the contracted tier and its shares, is taken over anew when the file changes and at SIGHUP; no
session ends for it. Everything else is read at the start only.`;

runProcess('broker', async (life) => {
  const { values } = parseArguments(USAGE, { config: { type: 'string' } });
  if (!values.config) throw new Failure('--config FILE is missing; --help shows the usage', 2);
  const config = readBrokerConfig(values.config);
  let broker: Broker | null = null;
  const audit = openAudit({
    path: join(config.state, 'audit.jsonl'),
    source: 'broker',
    now: Date.now,
    onCheckpoint: (checkpoint) => broker?.anchor(checkpoint),
  });
  life.onStop(() => audit.close());
  const started = await startBroker(config, audit, () => performance.now());
  broker = started;
  life.onStop(() => {
    // While there still is another zone to anchor it in.
    audit.checkpoint();
    return started.close();
  });
  const line = followLine({ path: values.config, config, shaper: started.shaper, audit, log: createLog('broker') });
  process.on('SIGHUP', line.reload);
  life.onStop(line.stop);
  announceReady({ name: 'broker', gatewayPort: started.gatewayPort, agentPort: started.agentPort });
});
