// Our own relay: one process, the module that gateway and broker use, started as they are, lane rules on.
import { HEAP } from '#platform/process/heap.ts';
import type { OurRelayJobs } from './jobs.ts';
import { byPort, type Peer, type StartedRelay, type Surroundings } from './peer.ts';
import { startWorker } from './worker.ts';

const START_MAX_MS = 10_000;

export interface OurStartedRelay extends StartedRelay {
  /** @param goOn whether to sample from now on @returns in ms, how long records stayed since sampling was begun */
  residence(goOn: boolean): Promise<number[]>;
}

export const us = {
  id: 'us',
  title: 'LGWAN telework relay',
  note: 'TLS–TLS; checks lane, sequence, size and rate of every record',
  versions: () => ({ version: `Node ${process.versions.node}`, openssl: process.versions.openssl }),
  async start({ server, client, load, probe }: Surroundings): Promise<OurStartedRelay> {
    const worker = startWorker<OurRelayJobs>('us-process.ts', 'relay', HEAP);
    try {
      const asked = { server, client, upstreams: [load.tls, probe.tls] };
      const { ports } = await worker.ask('relay', asked, START_MAX_MS);
      const [forLoad, forProbe] = ports as [number, number];
      return {
        pids: [worker.pid],
        way: byPort({ load: forLoad, probe: forProbe }),
        residence: async (goOn) => (await worker.ask('residence', { goOn }, START_MAX_MS)).ms,
        stop: () => worker.stop(),
      };
    } catch (error) {
      await worker.stop();
      throw error;
    }
  },
} satisfies Peer;
