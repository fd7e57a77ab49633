// The LGWAN side: dials out to the broker, verifies users itself, shows them their desktops. Only wiring here.
import { join } from 'node:path';
import { anchorKeeper } from '#platform/audit/anchors.ts';
import { openAudit } from '#platform/audit/chain.ts';
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
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import type { ToAgent } from '#protocol/outer/link.ts';
import { Admission } from './admission.ts';
import { BrokerLink } from './broker-link.ts';
import { readAgentConfig } from './config.ts';
import type { OpenDesktop } from './desktop/desktop.ts';
import { openerOf } from './desktop/opener.ts';
import { readGrantPin } from './grant-pin.ts';
import { fingerprint, openIdentity } from './identity.ts';
import { localHandlers } from './local-api.ts';
import { exposeAgent, ScreenTotals } from './metrics.ts';
import { Pairings } from './pairings.ts';
import { Sessions } from './sessions.ts';

const USAGE = `The agent on the LGWAN side: dials out to the broker, verifies users itself, shows them their desktops.

  node agent/main.ts --config agent.json

Makes its own key at the first start. Prints one JSON line once it runs; npm run agent talks to it.`;

runProcess('agent', async (life) => {
  const { values } = parseArguments(USAGE, { config: { type: 'string' } });
  if (!values.config) throw new Failure('--config FILE is missing; --help shows the usage', 2);
  const config = readAgentConfig(values.config);
  const clock = { monotonic: () => performance.now(), wall: () => Date.now() };
  const log = createLog('agent');

  const { municipality, name } = requireOwn(config.broker.tls, { kind: 'agent', role: 'client' });
  life.onStop(watchValidity(config.broker.tls, log, clock.wall));
  const source = `agent/${municipality}/${name}`;
  // Declared before whatever may speak on it: the audit log's last checkpoint comes also when the start fails.
  let link: BrokerLink | null = null;
  const store = openSqliteStore(join(config.state, 'agent.db'), { now: clock.wall });
  life.onStop(() => store.close());
  const events = new EventTally();
  const audit = openAudit({
    path: join(config.state, 'audit.jsonl'),
    source,
    now: clock.wall,
    onCheckpoint: (checkpoint) => link?.tell({ type: 'anchor', ...checkpoint }),
    recorded: events.recorded,
  });
  life.onStop(() => audit.close());

  const identity = openIdentity(config.identityKey);
  const pins = await Promise.all(config.grantKeys.map(readGrantPin));
  const desktops = new Map<string, OpenDesktop>();
  for (const desktop of config.desktops) desktops.set(`${municipality}/${name}/${desktop.name}`, openerOf(desktop));
  const ids = [...desktops.keys()];

  const pairings = new Pairings(store, nodeCipher, clock.wall);
  const admission = new Admission({ municipality, desktops: new Set(ids), pins }, store, audit, clock.wall);
  const totals = new ScreenTotals();
  const sessions = new Sessions({
    admission,
    pairings,
    store,
    audit,
    cipher: nodeCipher,
    identity,
    desktops,
    pins,
    webauthn: config.webauthn ?? null,
    limits: config.limits,
    clock,
    log,
    dialData: () => (link as BrokerLink).dialData(),
    tell: (message) => link?.tell(message),
    measured: totals.ended,
  });

  const brokerUp = () => link?.up ?? false;
  const local = await serveLocal(
    config.socket,
    localHandlers({
      municipality,
      desktops: ids,
      identity,
      pairings,
      sessions,
      audit,
      brokerUp,
    }),
  );
  life.onStop(() => local.close());

  const keepAnchor = anchorKeeper(audit, clock.monotonic);
  const received = (message: ToAgent): void => {
    switch (message.type) {
      case 'offer':
        void sessions.offer(message.session, message.grant);
        break;
      case 'lease':
        void sessions.lease(message.session, message.lease);
        break;
      case 'revoke':
        sessions.revoke(message.session, message.code);
        break;
      case 'anchor':
        keepAnchor(message, 'broker');
    }
  };
  for (const desktop of config.desktops) {
    if (desktop.kind === 'vnc' && desktop.lock === 'none') {
      log.warn({ desktop: desktop.name }, 'this desktop is left unlocked at the end of a session, as configured');
    }
  }
  await sessions.lockLeftOpen();
  link = new BrokerLink({ broker: config.broker, desktops: ids, audit, log, received });
  life.onStop(() => link?.stop());
  // While there still is another zone to anchor it in.
  life.onStop(() => audit.checkpoint());
  life.onStop(() => sessions.stop());

  const metricsPort = await startMetrics(life, config.metrics, {
    ...{ name: 'agent', audit, events, log },
    files: { broker: config.broker.tls },
    expose: (metrics) => exposeAgent(metrics, { municipality, sessions, totals, brokerUp }),
  });
  const { socket } = config;
  const shown = fingerprint(identity.publicKey);
  announceReady({ name: 'agent', desktops: ids, socket, fingerprint: shown, metricsPort });
});
