// The processes of the relay scenario: source and sink, both twice (load and probes), and the relays between them. All of
// them, and the folder with their keys, go with stop().
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority } from '#certs/authority.ts';
import { filesOf, issueWithKey } from '#certs/demo.ts';
import type { TlsFiles } from '#platform/hop/tls.ts';
import { HEAP } from '#platform/process/heap.ts';
import type { FramesMeasured, SinkJobs, SourceJobs } from './jobs.ts';
import type { Purpose, StartedRelay, Surroundings, Way } from './peer.ts';
import { rateOf, type Step, type Timing } from './plan.ts';
import type { Run } from './summary.ts';
import { startWorker, type Worker } from './worker.ts';

/** Sessions that only probe, each well within the rate that our relay allows. */
const PROBE_SESSIONS = 2;
const PROBES_PER_SECOND = 125;
/** Beyond the time that a job takes by itself. */
const SPARE_MS = 15_000;

interface Helpers {
  sources: Record<Purpose, Worker<SourceJobs>>;
  sinks: Record<Purpose, Worker<SinkJobs>>;
}

export class Stage {
  readonly #folder = mkdtempSync(join(tmpdir(), 'telework-relay-'));
  readonly #server: TlsFiles = filesOf(this.#folder, 'server', 'hop');
  readonly #client: TlsFiles = filesOf(this.#folder, 'client', 'hop');
  readonly #stops: (() => Promise<void>)[] = [];
  #helpers: Helpers | null = null;
  #ports: Record<Purpose, { tls: number; plain: number }> | null = null;
  #stopped: Promise<void> | null = null;

  async setUp(): Promise<void> {
    await this.#makeCertificates();
    this.#refuseIfStopped();
    const worker = <J extends { [K in keyof J]: (of: never) => Promise<unknown> }>(
      file: string,
      at: 'load' | 'probe',
    ) => {
      const started = startWorker<J>(file, at, HEAP);
      this.#stops.push(() => started.stop());
      return started;
    };
    const sources = { load: worker<SourceJobs>('source.ts', 'load'), probe: worker<SourceJobs>('source.ts', 'probe') };
    const sinks = { load: worker<SinkJobs>('sink.ts', 'load'), probe: worker<SinkJobs>('sink.ts', 'probe') };
    this.#helpers = { sources, sinks };
    const listen = (source: Worker<SourceJobs>) => source.ask('listen', { tls: this.#server }, SPARE_MS);
    this.#ports = { load: await listen(sources.load), probe: await listen(sources.probe) };
  }

  /** RSA-3072 and the product's own profile: what the bulk costs does not depend on the certificate. */
  async #makeCertificates(): Promise<void> {
    const now = Date.now();
    await new Authority(this.#folder, 'hop').create(null, now, false);
    const issue = (role: 'server' | 'client', hosts: string[]) => {
      const leaf = { kind: 'hop', municipality: '-', role, name: role, commonName: 'localhost', hosts } as const;
      return issueWithKey(this.#folder, leaf, join(this.#folder, 'issued', role), now, false);
    };
    await Promise.all([issue('server', ['localhost', '127.0.0.1']), issue('client', [])]);
  }

  /** @throws what the peer throws */
  async start<R extends StartedRelay>(peer: { id: string; start(around: Surroundings): Promise<R> }): Promise<R> {
    if (!this.#ports) throw new Error('the stage is not set up');
    this.#refuseIfStopped();
    const folder = join(this.#folder, peer.id);
    mkdirSync(folder, { mode: 0o700 });
    const relay = await peer.start({ folder, server: this.#server, client: this.#client, ...this.#ports });
    this.#stops.push(() => relay.stop());
    if (this.#stopped) await relay.stop();
    this.#refuseIfStopped();
    return relay;
  }

  /** @param relay null for the direct way @throws Error in one line if nothing, or something wrong, came through */
  async measure(step: Step, relay: StartedRelay | null, { warmUpMs, measureMs }: Timing): Promise<Run> {
    const mbps = rateOf(step.load);
    const measuring = { tls: this.#client, warmUpMs, measureMs };
    const maxMs = warmUpMs + measureMs + SPARE_MS;
    const { sinks } = this.#ready();
    const frames = async (): Promise<FramesMeasured | null> => {
      if (step.load === 'idle') return null;
      const target = await this.#way(relay, 'load');
      return sinks.load.ask('frames', { ...measuring, target, mbps, pids: relay?.pids ?? [] }, maxMs);
    };
    const probe = async (): Promise<number[]> => {
      const target = await this.#way(relay, 'probe');
      const job = { ...measuring, target, perSecond: PROBES_PER_SECOND };
      return (await sinks.probe.ask('probe', job, maxMs)).roundTripMs;
    };
    // Beside a rate-limited load their own wake-ups would be a good part of the cost.
    const probes = mbps === null ? PROBE_SESSIONS : 0;
    const [measured, ...probed] = await Promise.all([frames(), ...Array.from({ length: probes }, probe)]);
    return { ...step, measured, probeMs: probed.flat() };
  }

  async #way(relay: StartedRelay | null, purpose: Purpose): Promise<Way['target']> {
    const { sources } = this.#ready();
    if (!relay) return { port: this.#ready().ports[purpose].tls, path: '/', rendezvous: false };
    const { target, sourceDials } = relay.way(purpose);
    if (sourceDials !== null) {
      await sources[purpose].ask('dial', { tls: this.#client, port: target.port, path: sourceDials }, SPARE_MS);
    }
    return target;
  }

  #ready(): Helpers & { ports: Record<Purpose, { tls: number; plain: number }> } {
    if (!this.#helpers || !this.#ports) throw new Error('the stage is not set up');
    return { ...this.#helpers, ports: this.#ports };
  }

  get isStopped(): boolean {
    return this.#stopped !== null;
  }

  #refuseIfStopped(): void {
    if (this.#stopped) throw new Error('stopped');
  }

  /** Any number of times: at a signal, and at the end. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  async #stopAll(): Promise<void> {
    await Promise.all(this.#stops.map((stop) => stop()));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
