// The positive control of scans and captures: a hole into LGWAN, opened on purpose and shut again.
import { join } from 'node:path';
import { loadRules } from '#lab/deployment.ts';
import { commandOn } from '#lab/host-command.ts';
import { start } from '#lab/process.ts';
import type { Hosts } from './stage.ts';

/** A VNC server on the office network, and a rule that lets it be reached. */
export const HOLE = { address: '10.30.0.30', port: 5900 } as const;

export async function withHole<T>({ deployed }: Hosts, folder: string, work: () => Promise<T>): Promise<T> {
  const { network } = deployed;
  const args = [HOLE.address, String(HOLE.port)];
  const log = join(folder, 'open-port.log');
  const place = network.on('lgwan');
  const open = await start('open port', 'evidence/reachability/open-port.ts', args, log, { place });
  const rule = `insert rule inet telework forward ip daddr ${HOLE.address} tcp dport ${HOLE.port} accept`;
  commandOn(network.on('firewall'), 'nft', [rule]);
  try {
    return await work();
  } finally {
    loadRules(network, 'firewall');
    await open.stop();
  }
}
