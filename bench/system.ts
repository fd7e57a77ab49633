// The system under test, as a run uses it: the real gateway and broker (lab/system.ts), bench's own agents and clients as
// one process each, and a line with a delay between clients and gateway.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionMeasured } from '#agent/sessions.ts';
import type { Link } from '#lab/link.ts';
import { type Place, type Running, start } from '#lab/process.ts';
import { bringUp, type System } from '#lab/system.ts';
import { Failure } from '#platform/process/exit.ts';
import { callLocal } from '#platform/process/local-call.ts';
import { type Egress, readEgress } from './egress.ts';
import { type Delay, openDelay, wayOf } from './link/delay.ts';
import type { LoadAnswers, LoadCommand } from './load/commands.ts';
import { type Person, Population } from './population.ts';
import { type Watched, watch } from './processes.ts';
import type { Pace } from './replay/replay-screen.ts';
import type { ProcessUse } from './result.ts';
import type { Workload } from './workloads/workloads.ts';

export interface BenchOptions {
  folder: string;
  /** How many users, each with a desktop of its own. */
  people: number;
  /** broker.json's tier to begin with. */
  tier: string;
  /** Delays between clients and gateway, both ways together: the first to begin with. No line between them if all are 0. */
  roundTripsMs: readonly [number, ...number[]];
  /** Gateway, broker and agents on one host, clients and delay on another; everything here if it is left out. */
  hosts?: Hosts;
  /** The gateway's `edge`; one that is in nobody's way if it is left out. */
  edge?: Readonly<Record<string, number>>;
  /** From how many addresses of this machine the clients come; one if it is left out. */
  addresses?: number;
  signal: AbortSignal;
  say(line: string): void;
}

/** Two hosts with a cable between them (network/two-hosts.ts). */
export interface Hosts {
  readonly inside: Place;
  readonly outside: Place;
  /** Of `inside`, on the cable. */
  readonly address: string;
  /** The cable's end there. */
  readonly device: string;
}

export interface Bench {
  readonly system: System;
  readonly people: readonly Person[];
  /** A folder with one credentials folder for each of them. */
  readonly credentials: string;
  /** As the line has it now. */
  readonly roundTripMs: number;
  /** @throws RangeError for a delay where there is no line, or one that is another process */
  setRoundTrip(ms: number): void;
  readonly link: Link | null;
  /** @throws Failure of the load process */
  load<C extends LoadCommand>(command: C, body: object | null): Promise<LoadAnswers[C]>;
  show(people: readonly Person[], workload: Workload | null, pace?: Pace): Promise<void>;
  /** Of the running sessions at these people's desktops, as their agent measures them. */
  windows(people: readonly Person[]): Promise<SessionMeasured[]>;
  /** What has gone out towards the clients until now. */
  egress(): Promise<Egress>;
  /** What gateway, broker, agents, clients and this process use from now on. */
  watch(): { use(): ProcessUse[] };
  readonly processes: readonly Watched[];
  /** Rejects when one of the processes ends by itself. */
  readonly broken: Promise<never>;
  stop(): Promise<void>;
}

/** Clients behind the line all come from one address, each has two connections, and what is measured is not the edge. */
const EDGE = { connectionsPerAddress: 4_096, connectionsPerSecondPerAddress: 4_096, handshakesPerSecond: 4_096 };
/** An address of this machine that is not the gateway's, with the same port: the origin stays the same. */
const LINE_ADDRESS = '127.0.0.2';

/** @throws Failure or Error in one line; whatever had started by then is stopped */
export async function startBench(options: BenchOptions): Promise<Bench> {
  const { folder, signal, say, roundTripsMs, hosts } = options;
  const at = (...parts: string[]) => join(folder, ...parts);
  // Each run begins with nobody signed in and nothing paired; certificates stay.
  for (const state of ['gateway/state', 'broker/state', 'agent/state', 'replay', 'load', 'link', 'counters']) {
    rmSync(at(state), { recursive: true, force: true });
  }
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (let next = stops.pop(); next; next = stops.pop()) await next();
  };
  try {
    say('gateway, broker');
    const system = await bringUp({
      folder,
      desktops: [{ name: 'pc-01', kind: 'office' }],
      port: 0,
      line: { tier: options.tier },
      ...(hosts ? { place: hosts.inside, address: hosts.address } : {}),
      edge: options.edge ?? EDGE,
      signal,
    });
    stops.push(() => system.stop());

    const population = new Population(system, at('people'), Date.now);
    const people = await population.enrol(options.people, (done) => say(`users ${Math.round(done * options.people)}`));

    say('agents');
    const replay = await process(
      'replay',
      {
        broker: { url: system.agentUrl, serverName: 'localhost' },
        agents: await population.agents(people),
        identityKey: 'agent-key.pem',
        grantKeys: [at('gateway', 'grant-key.pub.pem')],
        state: 'state',
        socket: 'replay.sock',
      },
      hosts?.inside,
    );
    population.pin(people, String(replay.ready.agentKey));

    let [roundTripMs] = roundTripsMs;
    const delayed = roundTripsMs.some((ms) => ms > 0) && !hosts;
    const link = delayed ? await openDelay({ ...lineOf('127.0.0.1', system), roundTripMs }) : null;
    if (link) stops.push(() => link.close());
    const afar = hosts ? await helpers(hosts, system, roundTripMs) : [];

    say('clients');
    const load = await process(
      'load',
      {
        gateway: system.gateway,
        via: link || hosts ? LINE_ADDRESS : null,
        addresses: options.addresses ?? 1,
        credentials: population.credentials,
        stamped: true,
        socket: 'load.sock',
      },
      hosts?.outside,
    );
    await untilLinked();

    const own = { name: link ? 'link' : 'bench', pid: globalThis.process.pid };
    const running = [system.processes.gateway, system.processes.broker, replay, load, ...afar];
    const processes = [...running, own];
    const broken = Promise.race(
      running.map(async ({ name, exited }) => {
        await exited;
        throw new Failure(`${name} ended in the middle; see ${at('log', `${name}.log`)}`);
      }),
    );
    broken.catch(() => {}); // looked at only while something is measured
    return {
      system,
      people,
      credentials: population.credentials,
      get roundTripMs() {
        return roundTripMs;
      },
      setRoundTrip(ms) {
        if (!link && ms > 0) throw new RangeError('there is no line to delay');
        roundTripMs = ms;
        link?.reshape({ forth: wayOf(ms), back: wayOf(ms) });
      },
      link,
      processes,
      broken,
      load: (command, body) => callLocal(at('load', 'load.sock'), command, body) as never,
      async show(shown, workload, pace = 'recorded') {
        const desktops = shown.map(({ desktop }) => desktop);
        await callLocal(at('replay', 'replay.sock'), 'show', { desktops, workload, pace });
      },
      windows(people) {
        const desktops = people.map(({ desktop }) => desktop);
        return callLocal(at('replay', 'replay.sock'), 'windows', { desktops }) as Promise<SessionMeasured[]>;
      },
      egress: hosts
        ? () => callLocal(at('counters', 'counters.sock'), 'read') as Promise<Egress>
        : () => readEgress(system.processes.broker.ready.metricsPort, null),
      watch: () => watch(processes),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }

  /** What has to run on the hosts themselves: the delay beside the clients, the counting beside the broker. */
  async function helpers(
    { inside, outside, address, device }: Hosts,
    system: System,
    roundTripMs: number,
  ): Promise<Running[]> {
    const link = await process('link', { ...lineOf(address, system), roundTripMs }, outside);
    const { metricsPort } = system.processes.broker.ready;
    return [link, await process('counters', { metricsPort, device, socket: 'counters.sock' }, inside)];
  }

  async function process(
    name: 'replay' | 'load' | 'link' | 'counters',
    config: object,
    place?: Place,
  ): Promise<Running> {
    mkdirSync(at(name), { recursive: true, mode: 0o700 });
    const file = at(name, `${name}.json`);
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    const running = await start(name, `bench/${name}/main.ts`, ['--config', file], at('log', `${name}.log`), {
      signal,
      ...(place ? { place } : {}),
    });
    stops.push(() => running.stop());
    return running;
  }

  async function untilLinked(): Promise<void> {
    for (const end = performance.now() + 10_000; performance.now() < end; ) {
      const { linked, agents } = (await callLocal(at('replay', 'replay.sock'), 'status')) as Record<string, number>;
      if (linked === agents) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Failure('the agents did not reach the broker within 10 s', 3);
  }
}

/** Where a line before the gateway begins and ends: the port stays the same, so the origin does, too. */
function lineOf(host: string, system: System): Omit<Delay, 'roundTripMs'> {
  const port = Number(new URL(system.gateway).port);
  return { to: { host, port }, listen: { host: LINE_ADDRESS, port } };
}
