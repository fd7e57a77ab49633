// What passes a device of one of the lab's hosts, written down by tcpdump from before the first packet until `stop`.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Packet, readCapture } from './pcap.ts';
import type { Place } from './process.ts';

const READY_MAX_MS = 10_000;
/** Of packets as large as they come, since each takes the place of the largest. */
const BUFFER_KIB = '65536';
/** What is on its way to tcpdump when it is told to stop is still written. */
const LAST_PACKETS_MS = 200;

export interface Captured {
  readonly file: string;
  readonly packets: readonly Packet[];
  /** Packets that passed and are not in the file. */
  readonly missed: number;
}

export interface Tap {
  /** A second call gives the same. */
  stop(): Promise<Captured>;
}

/**
 * @param file pcap, made here
 * @param filter what of it, in tcpdump's language; all of it if it is left out
 * @throws Error in tcpdump's own words
 */
export async function capture(place: Place, device: string, file: string, filter = ''): Promise<Tap> {
  // Never another user: the folder is root's alone.
  const options = ['-i', device, '-n', '-U', '--immediate-mode', '-B', BUFFER_KIB, '-Z', 'root', '-w', file, filter];
  // It ends with whoever began it, however that ends.
  const bound = ['--pdeathsig', 'TERM', '--', 'tcpdump', ...options];
  const child = spawn(...place('setpriv', bound), { stdio: ['ignore', 'ignore', 'pipe'] });
  const said: string[] = [];
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await listening(child, said, ended);
  const stop = async (): Promise<Captured> => {
    await new Promise((resolve) => setTimeout(resolve, LAST_PACKETS_MS));
    child.kill('SIGINT');
    await ended;
    const missed = said.map((line) => /^(\d+) packets? dropped by kernel/.exec(line)?.[1]).find((count) => count);
    if (missed === undefined) throw new Error(`tcpdump did not end in order: ${said.at(-1) ?? 'no word'}`);
    return { file, packets: readCapture(readFileSync(file)), missed: Number(missed) };
  };
  let stopped: Promise<Captured> | null = null;
  return {
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}

function listening(child: ChildProcess, said: string[], ended: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      child.kill('SIGKILL');
      reject(new Error(`tcpdump: ${why}`));
    };
    const timer = setTimeout(() => fail('did not begin'), READY_MAX_MS);
    child.once('error', (error) => fail(error.message));
    void ended.then(() => {
      clearTimeout(timer);
      fail(said.at(-1) ?? 'ended at once');
    });
    if (!child.stderr) return;
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line.replace(/^tcpdump: /, ''));
      if (!line.includes('listening on')) return;
      clearTimeout(timer);
      resolve();
    });
  });
}
