// The LGWAN side: dials out to the broker, verifies users itself, shows them their desktops. Only wiring here.
import { join } from 'node:path';
import { anchorKeeper } from '#platform/audit/anchors.ts';
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
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import type { ToAgent } from '#protocol/outer/link.ts';
import { Admission } from './admission.ts';
import { followAgentFile } from './agent-file.ts';
import { BrokerLink } from './broker-link.ts';
import { type AgentConfig, readAgentConfig } from './config.ts';
import { openerOf } from './desktop/opener.ts';
import { readGrantPin } from './grant-pin.ts';
import { Home, type Settings } from './home.ts';
import { fingerprint, openIdentity } from './identity.ts';
import { localHandlers } from './local-api.ts';
import { exposeAgent, ScreenTotals } from './metrics.ts';
import { Pairings } from './pairings.ts';
import { Sessions } from './sessions.ts';

const USAGE = `The agent on the LGWAN side: dials out to the broker, verifies users itself, shows them their desktops.

  node agent/main.ts --config agent.json

Makes its own key at the first start. Prints one JSON line once it runs; npm run agent talks to it.
"desktops" and "grantKeys" in agent.json are taken over anew when the file changes and at SIGHUP: a session ends if its desktop
or the gateway's key on whose word it goes on is not there any more. Everything else is read at the start only.`;

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
  const audit = openProcessAudit(life, config.audit, {
    state: config.state,
    source,
    now: clock.wall,
    onCheckpoint: (checkpoint) => link?.tell({ type: 'anchor', ...checkpoint }),
    recorded: events.recorded,
    log,
  });

  const identity = openIdentity(config.identityKey);
  const settingsOf = async ({ desktops, grantKeys }: AgentConfig): Promise<Settings> => ({
    desktops: new Map(desktops.map((desktop) => [`${municipality}/${name}/${desktop.name}`, openerOf(desktop)])),
    pins: await Promise.all(grantKeys.map(readGrantPin)),
  });
  const home = new Home(municipality, await settingsOf(config));

  const pairings = new Pairings(store, nodeCipher, clock.wall);
  const admission = new Admission(home, store, audit, clock.wall);
  const totals = new ScreenTotals();
  const sessions = new Sessions({
    admission,
    pairings,
    store,
    audit,
    cipher: nodeCipher,
    identity,
    home,
    webauthn: config.webauthn ?? null,
    limits: config.limits,
    clock,
    log,
    dialData: () => (link as BrokerLink).dialData(),
    tell: (message) => link?.tell(message),
    measured: totals.ended,
  });

  const brokerUp = () => link?.up ?? false;
  const local = await serveLocal(config.socket, localHandlers({ home, identity, pairings, sessions, audit, brokerUp }));
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
  const desktops = () => home.desktops.keys();
  link = new BrokerLink({ broker: config.broker, desktops, audit, log, received });
  life.onStop(() => link?.stop());
  home.watch(() => link?.announce());
  const file = followAgentFile({ path: values.config, config, home, settingsOf, audit, log });
  process.on('SIGHUP', () => void file.reload());
  life.onStop(file.stop);
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
  announceReady({ name: 'agent', desktops: [...desktops()], socket, fingerprint: shown, metricsPort });
});
