// Bench's own agent: the product's links, admission, opening, pairings, sessions and channel; only what a screen shows
// comes from a trace. One process holds many agents, each with a certificate and a broker link of its own. Only wiring.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { Admission } from '#agent/admission.ts';
import { BrokerLink } from '#agent/broker-link.ts';
import { readGrantPin } from '#agent/grant-pin.ts';
import { Home } from '#agent/home.ts';
import { openIdentity } from '#agent/identity.ts';
import { Pairings } from '#agent/pairings.ts';
import { Sessions } from '#agent/sessions.ts';
import { openAudit } from '#platform/audit/chain.ts';
import { readIdentity } from '#platform/hop/peer-certificate.ts';
import { loadTls } from '#platform/hop/tls-files.ts';
import { parseArguments } from '#platform/process/args.ts';
import { Failure } from '#platform/process/exit.ts';
import { serveLocal } from '#platform/process/local-socket.ts';
import { createLog } from '#platform/process/log.ts';
import { announceReady } from '#platform/process/ready.ts';
import { runProcess } from '#platform/process/stop.ts';
import { openSqliteStore } from '#platform/state/sqlite.ts';
import { fromBase64Url, toBase64Url } from '#protocol/bytes.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { DESKTOP } from '#protocol/names.ts';
import type { ToAgent } from '#protocol/outer/link.ts';
import { monotonicUs } from '../clock.ts';
import { loadTrace, WORKLOADS } from '../workloads/workloads.ts';
import { type ReplayConfig, readReplayConfig } from './config.ts';
import { ReplayDesktop } from './replay-desktop.ts';

const USAGE = `bench's own agent; npm run bench starts it: node bench/replay/main.ts --config replay.json`;

/** As a municipality's own policy would have it at its loosest; bench never rests that long. */
const LIMITS = { idleSeconds: 3_600, overallSeconds: 43_200 };

const someDesktops = z.strictObject({ desktops: z.array(z.string().regex(DESKTOP)).max(4_096) });
const showing = someDesktops.extend({
  workload: z.enum(WORKLOADS).nullable(),
  pace: z.enum(['recorded', 'saturating']),
});

runProcess('replay', async (life) => {
  const { values } = parseArguments(USAGE, { config: { type: 'string' } });
  if (!values.config) throw new Failure('--config FILE is missing; --help shows the usage', 2);
  const config = readReplayConfig(values.config);
  const clock = { monotonic: () => performance.now(), wall: () => Date.now() };
  const log = createLog('replay');
  mkdirSync(config.state, { recursive: true, mode: 0o700 });
  const store = openSqliteStore(join(config.state, 'agent.db'), { now: clock.wall });
  life.onStop(() => store.close());
  const audit = openAudit({ path: join(config.state, 'audit.jsonl'), source: 'agent/bench', now: clock.wall });
  life.onStop(() => audit.close());

  const identity = openIdentity(config.identityKey);
  const pins = await Promise.all(config.grantKeys.map(readGrantPin));
  const pairings = new Pairings(store, nodeCipher, clock.wall);
  const traces = new Map(WORKLOADS.map((workload) => [workload, loadTrace(workload)]));
  const desktops = new Map<string, ReplayDesktop>();
  const agents: { link: BrokerLink; sessions: Sessions }[] = [];

  for (const agent of config.agents) agents.push(await startAgent(agent));

  async function startAgent({ tls, desktops: served }: ReplayConfig['agents'][number]) {
    const { municipality, name } = readIdentity(loadTls(tls).own, { kind: 'agent', role: 'client' });
    const own = new Map<string, ReplayDesktop>();
    for (const { name: desktop, user, publicKey } of served) {
      const id = `${municipality}/${name}/${desktop}`;
      own.set(id, new ReplayDesktop(monotonicUs, Math.random()));
      // As if paired before: a code is made and used up, without the client's half.
      await pairings.issue(user, id, false);
      await pairings.learn(user, id, { kind: 'device-key', publicKey: fromBase64Url(publicKey) });
    }
    for (const [id, desktop] of own) desktops.set(id, desktop);
    const home = new Home(municipality, {
      desktops: new Map([...own].map(([id, desktop]) => [id, desktop.open])),
      pins,
    });
    const sessions: Sessions = new Sessions({
      admission: new Admission(home, store, audit, clock.wall),
      pairings,
      store,
      audit,
      cipher: nodeCipher,
      identity,
      webauthn: null,
      home,
      limits: LIMITS,
      clock,
      log,
      dialData: () => link.dialData(),
      tell: (message) => link.tell(message),
      openScreen: ReplayDesktop.openScreen,
    });
    life.onStop(() => sessions.stop());
    const received = (message: ToAgent): void => {
      if (message.type === 'offer') void sessions.offer(message.session, message.grant);
      if (message.type === 'lease') void sessions.lease(message.session, message.lease);
      if (message.type === 'revoke') sessions.revoke(message.session, message.code);
    };
    const broker = { ...config.broker, tls };
    const link: BrokerLink = new BrokerLink({ broker, desktops: () => own.keys(), audit, log, received });
    life.onStop(() => link.stop());
    return { link, sessions };
  }

  const local = await serveLocal(config.socket, {
    windows(body) {
      const wanted = new Set(someDesktops.parse(body).desktops);
      return agents.flatMap(({ sessions }) => sessions.measure()).filter(({ desktop }) => wanted.has(desktop));
    },
    status: () => ({ linked: agents.filter(({ link }) => link.up).length, agents: agents.length }),
    show(body) {
      const { desktops: ids, workload, pace } = showing.parse(body);
      const trace = workload === null ? undefined : traces.get(workload);
      for (const id of ids) desktops.get(id)?.show(trace ? { trace, pace } : null);
    },
  });
  life.onStop(() => local.close());

  announceReady({ name: 'replay', agentKey: toBase64Url(identity.publicKey) });
});
