// Bench's client: many users and their sessions in one process. bench/main starts it and tells it what to do.
import { readdirSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArguments } from '#platform/process/args.ts';
import { Failure, lineOf } from '#platform/process/exit.ts';
import { type LocalHandlers, serveLocal } from '#platform/process/local-socket.ts';
import { announceReady } from '#platform/process/ready.ts';
import { runProcess } from '#platform/process/stop.ts';
import { CODES } from '#protocol/codes.ts';
import { endOf, RefusedByGateway } from '#web/core/ends.ts';
import { monotonicUs } from '../clock.ts';
import type { Attempts, LoadAnswers, LoadCommand, Returned } from './commands.ts';
import { REQUESTS } from './commands.ts';
import { readLoadConfig } from './config.ts';
import { LoadSession } from './load-session.ts';
import { LoadUser } from './load-user.ts';
import { comeBack } from './returning.ts';
import { gather, Samples } from './samples.ts';

const USAGE = `bench's own client; npm run bench starts it: node bench/load/main.ts --config load.json`;

/** At the same time; more would measure this process's own queue. */
const PARALLEL = 8;

runProcess('load', async (life) => {
  const { values } = parseArguments(USAGE, { config: { type: 'string' } });
  if (!values.config) throw new Failure('--config FILE is missing; --help shows the usage', 2);
  const config = readLoadConfig(values.config);
  const gateway = new URL(config.gateway);
  const users = new Map<string, LoadUser>();
  const sessions = new Map<string, LoadSession>();
  const lost = new Map<string, string>();
  const returning = new Set<string>();
  const returned = new Map<string, Returned>();
  let stopping = false;
  let measuring: { beganUs: number; groups: Map<string, Map<string, Samples>> } | null = null;
  life.onStop(() => {
    stopping = true;
    for (const session of sessions.values()) session.close();
    for (const user of users.values()) user.close();
  });

  const folders = readdirSync(config.credentials, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const [i, { name }] of folders.entries()) {
    const user = new LoadUser(gateway, join(config.credentials, name), {
      ...(config.via ? { lookup: leadsTo(config.via) } : {}),
      ...(config.addresses > 1 ? { localAddress: `127.1.0.${(i % config.addresses) + 1}` } : {}),
    });
    users.set(user.name, user);
  }

  async function open(user: LoadUser): Promise<void> {
    const opened = await user.open();
    const session = new LoadSession({
      around: user.around,
      opened,
      nowUs: monotonicUs,
      stamped: config.stamped,
      ended(code) {
        sessions.delete(user.name);
        if (code === 'ENDED') return;
        lost.set(user.name, code);
        if (returning.has(user.name) && !stopping) void again(user);
      },
    });
    sessions.set(user.name, session);
  }

  async function again(user: LoadUser): Promise<void> {
    const back = await comeBack({
      ...{ open: () => open(user), explained, random: Math.random, wait: delay },
      now: () => performance.now(),
    });
    if (!back) return;
    lost.delete(user.name);
    returned.set(user.name, back);
  }

  const known = (name: string): LoadUser => {
    const user = users.get(name);
    if (!user) throw new Failure(`${config.credentials}: no credentials of ${name}`);
    return user;
  };
  const live = (names: readonly string[]) => names.flatMap((name) => sessions.get(name) ?? []);

  const handlers: { [C in LoadCommand]: (body: unknown) => Promise<LoadAnswers[C]> | LoadAnswers[C] } = {
    'sign-in': (body) => attempt(REQUESTS['sign-in'].parse(body).users, (name) => known(name).signIn()),
    open: (body) => attempt(REQUESTS.open.parse(body).users, (name) => open(known(name))),
    probe(body) {
      const { users: names, perSecond } = REQUESTS.probe.parse(body);
      for (const session of live(names)) session.probe(perSecond, Math.random());
      return null;
    },
    stall(body) {
      for (const session of live(REQUESTS.stall.parse(body).users)) session.stall();
      return null;
    },
    resume(body) {
      for (const session of live(REQUESTS.resume.parse(body).users)) session.resume();
      return null;
    },
    'measure-begin'(body) {
      const beganUs = monotonicUs();
      const groups = new Map<string, Map<string, Samples>>();
      for (const [group, names] of Object.entries(REQUESTS['measure-begin'].parse(body).groups)) {
        groups.set(group, new Map(names.map((name) => [name, new Samples(beganUs)])));
      }
      for (const group of groups.values()) {
        for (const [name, samples] of group) sessions.get(name)?.measureInto(samples);
      }
      measuring = { beganUs, groups };
      return null;
    },
    'measure-end'() {
      if (!measuring) throw new Failure('nothing is being measured');
      const { beganUs, groups } = measuring;
      measuring = null;
      for (const session of sessions.values()) session.measureInto(new Samples(monotonicUs()));
      return {
        seconds: (monotonicUs() - beganUs) / 1e6,
        groups: Object.fromEntries([...groups].map(([group, all]) => [group, gather([...all.values()])])),
        stalls: Object.fromEntries(
          [...sessions].map(([name, { backlogBytes, firstFreshMs }]) => [name, { backlogBytes, firstFreshMs }]),
        ),
      };
    },
    close(body) {
      for (const session of live(REQUESTS.close.parse(body).users)) session.close();
      return null;
    },
    return(body) {
      returning.clear();
      returned.clear();
      for (const name of REQUESTS.return.parse(body).users) returning.add(name);
      return null;
    },
    status: () => ({
      open: sessions.size,
      lost: Object.fromEntries(lost),
      returned: Object.fromEntries(returned),
    }),
  };
  const local = await serveLocal(config.socket, handlers satisfies LocalHandlers);
  life.onStop(() => local.close());
  announceReady({ name: 'load', users: [...users.keys()] });
});

/** Each user once, a few at a time. */
async function attempt(names: readonly string[], work: (name: string) => Promise<void>): Promise<Attempts> {
  const waiting = [...names];
  const attempts: Attempts = { ms: [], failures: [] };
  async function one(): Promise<void> {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const began = performance.now();
      try {
        await work(name);
        attempts.ms.push(performance.now() - began);
      } catch (error) {
        attempts.failures.push(`${name}: ${explained(error)}`);
      }
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, one));
  return attempts;
}

/** A code and its sentence if the gateway, the agent or this end refused; else what is wrong with file or network. */
function explained(error: unknown): string {
  if (error instanceof Failure) return error.message;
  if (error instanceof RefusedByGateway && error.code === 'CONNECTION_LOST') return 'the gateway cannot be reached';
  const { code } = endOf(error);
  return code === 'CONNECTION_LOST' ? lineOf(error) : `${code}: ${CODES[code].en}`;
}

/** The gateway keeps its name and port, and a line of the lab stands at another address of this machine. */
function leadsTo(address: string): LookupFunction {
  const family = isIP(address);
  return (_host, options, done) => {
    if (options.all) done(null, [{ address, family }]);
    else done(null, address, family);
  };
}
