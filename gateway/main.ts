// The gateway process: configuration, state, audit log, keys, then the gateway and the administrator's socket.
import { join } from 'node:path';
import { openProcessAudit } from '#platform/audit/open.ts';
import { requireOwn } from '#platform/hop/own-certificate.ts';
import { watchValidity } from '#platform/hop/validity.ts';
import { EventTally } from '#platform/metrics/event-tally.ts';
import { startMetrics } from '#platform/metrics/process.ts';
import { parseArguments } from '#platform/process/args.ts';
import { Failure } from '#platform/process/exit.ts';
import { serveLocal } from '#platform/process/local-socket.ts';
import { createLog } from '#platform/process/log.ts';
import { announceReady } from '#platform/process/ready.ts';
import { runProcess } from '#platform/process/stop.ts';
import { openSqliteStore } from '#platform/state/sqlite.ts';
import { readGatewayConfig } from './config.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { openGrantKey } from './grants.ts';
import { openFactorSeal } from './sign-in/factors.ts';

const USAGE = `The gateway: lets users in, decides who may open which desktop, relays sealed records to the broker.

  node gateway/main.ts --config gateway.json

Makes its grant key and factor key at the first start. Prints one JSON line once it serves. Another grant key in the place of
the first is taken over while it runs (gateway/make-grant-key.ts makes one); everything else is read at the start only.`;

runProcess('gateway', async (life) => {
  const { values } = parseArguments(USAGE, { config: { type: 'string' } });
  if (!values.config) throw new Failure('--config FILE is missing; --help shows the usage', 2);
  const config = readGatewayConfig(values.config);
  const log = createLog('gateway');

  let gateway: Gateway | null = null;
  life.onStop(watchValidity(config.broker.tls, log, Date.now));
  const { name } = requireOwn(config.broker.tls, { kind: 'hop', role: 'client' });
  const events = new EventTally();
  const audit = openProcessAudit(life, config.audit, {
    state: config.state,
    // The broker takes anchors only under the name in our certificate.
    source: `gateway/${name}`,
    now: Date.now,
    onCheckpoint: (checkpoint) => gateway?.anchor(checkpoint),
    recorded: events.recorded,
    log,
  });
  const store = openSqliteStore(join(config.state, 'state.sqlite'), { now: Date.now });
  life.onStop(() => store.close());

  const factor = await openFactorSeal(config.factorKey, store);
  if (factor.made) log.info(`made ${config.factorKey}; back it up apart from the state`);
  const grant = await openGrantKey(config.grantKey);
  if (grant.made) log.info(`made ${config.grantKey}; give ${grant.made} to the agents`);

  const started = await startGateway(config, {
    ...{ store, audit, log },
    seal: factor.seal,
    grantKey: grant.key,
    now: Date.now,
    monotonic: () => performance.now(),
    random: Math.random,
  });
  gateway = started;
  life.onStop(() => {
    // While there still is another zone to anchor it in.
    audit.checkpoint();
    return started.close();
  });
  const local = await serveLocal(config.adminSocket, started.admin);
  life.onStop(() => local.close());
  await started.forgetEarlierLife();
  const metricsPort = await startMetrics(life, config.metrics, {
    ...{ name: 'gateway', audit, events, log },
    files: { clients: config.tls, broker: config.broker.tls },
    expose(metrics) {
      started.expose(metrics);
      events.exposeSignIns(metrics);
    },
  });
  announceReady({
    ...{ name: 'gateway', port: started.port, metricsPort },
    ...(started.administrationPort === null ? {} : { administrationPort: started.administrationPort }),
    ...(started.enrolmentPort === null ? {} : { enrolmentPort: started.enrolmentPort }),
  });
});
