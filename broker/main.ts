// The broker process: configuration, audit log, meter, two listeners.
import { randomBytes } from 'node:crypto';
import { openProcessAudit } from '#platform/audit/open.ts';
import { EventTally } from '#platform/metrics/event-tally.ts';
import { startMetrics } from '#platform/metrics/process.ts';
import { parseArguments } from '#platform/process/args.ts';
import { Failure } from '#platform/process/exit.ts';
import { serveLocal } from '#platform/process/local-socket.ts';
import { createLog } from '#platform/process/log.ts';
import { announceReady } from '#platform/process/ready.ts';
import { runProcess } from '#platform/process/stop.ts';
import { openSqliteStore } from '#platform/state/sqlite.ts';
import { type Broker, startBroker } from './broker.ts';
import { readBrokerConfig } from './config.ts';
import { followLine } from './line-file.ts';
import { meterHandlers, stateFile } from './meter-handlers.ts';
import { Metering } from './metering.ts';
import { exposeCounted, QueueAges } from './metrics.ts';

const USAGE = `The broker: pairs the gateways' and the agents' connections and relays sealed records between them.

  node broker/main.ts --config broker.json

Gateways and agents dial in on two listeners with separate authorities. Prints one JSON line once it serves.
"line" in broker.json, the contracted tier and its shares, is taken over anew when the file changes and at SIGHUP; no
session ends for it. Everything else is read at the start only.`;

runProcess('broker', async (life) => {
  const { values } = parseArguments(USAGE, { config: { type: 'string' } });
  if (!values.config) throw new Failure('--config FILE is missing; --help shows the usage', 2);
  const config = readBrokerConfig(values.config);
  const log = createLog('broker');
  const monotonic = () => performance.now();
  let broker: Broker | null = null;
  const events = new EventTally();
  const audit = openProcessAudit(life, config.audit, {
    state: config.state,
    source: 'broker',
    now: Date.now,
    onCheckpoint: (checkpoint) => broker?.anchor(checkpoint),
    recorded: events.recorded,
    log,
  });
  const store = openSqliteStore(stateFile(config.state), { now: Date.now });
  life.onStop(() => store.close());
  const clock = { monotonic, wall: Date.now };
  const metering = new Metering({ store, life: randomBytes(8).toString('hex'), log, clock });
  life.onStop(metering.start());
  const ages = new QueueAges();

  const started = await startBroker(config, audit, monotonic, {
    sent: (_, municipality, wireBytes, payloadBytes, direction) =>
      metering.sent(municipality, direction, payloadBytes, wireBytes),
    waited: ages.waited,
    began: (municipality) => metering.begin(municipality),
    ended: (municipality) => metering.end(municipality),
  });
  broker = started;
  life.onStop(() => {
    // While there still is another zone to anchor it in.
    audit.checkpoint();
    return started.close();
  });
  const line = followLine({ path: values.config, config, shaper: started.shaper, audit, log });
  process.on('SIGHUP', line.reload);
  life.onStop(line.stop);
  if (config.adminSocket) {
    const terms = () => ({ tier: started.shaper.tier, rates: config.usageRates ?? null });
    const local = await serveLocal(config.adminSocket, meterHandlers({ store, write: () => metering.write(), terms }));
    life.onStop(() => local.close());
  }
  const metricsPort = await startMetrics(life, config.metrics, {
    ...{ name: 'broker', audit, events, log },
    files: { gateways: config.gatewaySide.tls, agents: config.agentSide.tls },
    expose(metrics) {
      started.expose(metrics);
      exposeCounted(metrics, ages, metering);
    },
  });
  const { gatewayPort, agentPort } = started;
  announceReady({ name: 'broker', gatewayPort, agentPort, metricsPort });
});
