// What travels on this machine's loopback, captured by tcpdump into a pcap file and read from there again: the payload of
// each TCP connection, in order. Linux and root only.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

export interface Capture {
  /** Resolves when the file is whole; a second call gives the same. */
  stop(): Promise<{ packets: number; dropped: number }>;
}

/** One direction of one connection. */
export interface Flow {
  readonly from: number;
  readonly to: number;
  readonly payload: Buffer;
}

export const NEEDED_FOR_CAPTURE = 'tcpdump';

/** The largest packet of loopback and its Ethernet header. */
const SNAPLEN = String(65_536 + 14);
const BUFFER_KIB = '131072';
const STARTED = /listening on/;
const CAPTURED = /(\d+) packets? captured/;
const DROPPED = /(\d+) packets? dropped by kernel/;
/** What comes last is with tcpdump within this time; it has no way to say so. */
const LAST_PACKETS_MS = 200;

const FILE_HEADER_BYTES = 24;
const PACKET_HEADER_BYTES = 16;
const ETHERNET_BYTES = 14;
const IPV4 = 0x0800;
const TCP = 6;

/** @param ports whose connections are captured, both directions. @throws Error with tcpdump's own last line */
export async function captureLoopback(file: string, ports: readonly number[]): Promise<Capture> {
  const filter = ports.map((port) => `port ${port}`).join(' or ');
  const child = spawn(
    'tcpdump',
    [
      ...['-i', 'lo', '-n', '-U', '-Z', 'root', '-w', file],
      // Without it packets wait up to a second for tcpdump to see them, and what waits when it is stopped is lost.
      ...['--immediate-mode', '-s', SNAPLEN, '-B', BUFFER_KIB],
      `tcp and (${filter})`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  const exited = once(child, 'exit');
  await new Promise<void>((started, failed) => {
    child.once('error', failed);
    child.once('exit', () => failed(new Error(`tcpdump: ${said.trim().split('\n').at(-1)}`)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (STARTED.test(said)) started();
    });
  });
  // It would go on capturing when nobody is left to stop it.
  const stopWithUs = () => void child.kill('SIGINT');
  process.once('exit', stopWithUs);
  const stop = async () => {
    await new Promise((later) => setTimeout(later, LAST_PACKETS_MS));
    process.off('exit', stopWithUs);
    child.kill('SIGINT');
    await exited;
    return { packets: Number(CAPTURED.exec(said)?.[1] ?? 0), dropped: Number(DROPPED.exec(said)?.[1] ?? 0) };
  };
  let stopped: ReturnType<typeof stop> | null = null;
  return {
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}

/** @returns the flows of the capture in the order in which they began; a segment that was sent twice stands in it once */
export function flowsOf(file: string): Flow[] {
  const flows = new Map<string, { from: number; to: number; parts: Map<number, Buffer> }>();
  for (const packet of packetsOf(readFileSync(file))) {
    const segment = segmentOf(packet);
    if (!segment || segment.payload.length === 0) continue;
    const { from, to, sequence, payload } = segment;
    const key = `${from}-${to}`;
    const flow = flows.get(key) ?? { from, to, parts: new Map<number, Buffer>() };
    flows.set(key, flow);
    flow.parts.set(sequence, payload);
  }
  return [...flows.values()].map(({ from, to, parts }) => ({ from, to, payload: Buffer.concat([...parts.values()]) }));
}

function* packetsOf(file: Buffer): Generator<Buffer> {
  for (let at = FILE_HEADER_BYTES; at + PACKET_HEADER_BYTES <= file.length; ) {
    const length = file.readUInt32LE(at + 8);
    at += PACKET_HEADER_BYTES;
    yield file.subarray(at, at + length);
    at += length;
  }
}

function segmentOf(packet: Buffer): { from: number; to: number; sequence: number; payload: Buffer } | null {
  if (packet.length < ETHERNET_BYTES + 20 || packet.readUInt16BE(12) !== IPV4) return null;
  const ip = packet.subarray(ETHERNET_BYTES);
  if (ip.readUInt8(9) !== TCP) return null;
  const tcp = ip.subarray(4 * (ip.readUInt8(0) & 0x0f), ip.readUInt16BE(2) || ip.length);
  return {
    from: tcp.readUInt16BE(0),
    to: tcp.readUInt16BE(2),
    sequence: tcp.readUInt32BE(4),
    payload: tcp.subarray(4 * (tcp.readUInt8(12) >> 4)),
  };
}
