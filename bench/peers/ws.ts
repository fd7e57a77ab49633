// A relay as one writes it with the ws package: every message in, the same message out.

import manifest from '../../node_modules/ws/package.json' with { type: 'json' };
import type { RelayJobs } from './jobs.ts';
import { byPort, type Peer } from './peer.ts';
import { startWorker } from './worker.ts';

const START_MAX_MS = 10_000;

export const ws: Peer = {
  id: 'ws',
  title: 'plain ws relay',
  note: "TLS–TLS; on('message') → send, no lane rules, no back pressure",
  versions: () => ({
    version: `ws ${manifest.version}, Node ${process.versions.node}`,
    openssl: process.versions.openssl,
  }),
  async start({ server, client, load, probe }) {
    const worker = startWorker<RelayJobs>('ws-process.ts', 'relay');
    try {
      const asked = { server, client, upstreams: [load.tls, probe.tls] };
      const { ports } = await worker.ask('relay', asked, START_MAX_MS);
      const [forLoad, forProbe] = ports as [number, number];
      return { pids: [worker.pid], way: byPort({ load: forLoad, probe: forProbe }), stop: () => worker.stop() };
    } catch (error) {
      await worker.stop();
      throw error;
    }
  },
};
