// What the kernel has counted at a network device: /sys/class/net/DEVICE/statistics.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '#platform/process/exit.ts';

/** IFNAMSIZ is 16 with its zero; no name of ours holds anything else. */
export const DEVICE = /^[a-z][a-z0-9]{0,14}$/;

/** An Ethernet header is in the kernel's bytes and not in a contract's; the frame's check sum is in neither. */
const ETHERNET_BYTES = 14;

/** With Ethernet headers. */
export interface DeviceCount {
  readonly sentBytes: number;
  readonly sentPackets: number;
  readonly arrivedBytes: number;
  readonly arrivedPackets: number;
}

/** @throws Failure if there is no such device on this host */
export function readDevice(device: string): DeviceCount {
  const read = (name: string) => {
    const file = join('/sys/class/net', device, 'statistics', name);
    try {
      return counterIn(readFileSync(file, 'latin1'));
    } catch (error) {
      throw new Failure(
        `${file}: cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`,
        3,
      );
    }
  };
  return {
    sentBytes: read('tx_bytes'),
    sentPackets: read('tx_packets'),
    arrivedBytes: read('rx_bytes'),
    arrivedPackets: read('rx_packets'),
  };
}

/** @param text a decimal number and a newline. @throws RangeError for anything else, and where doubles lose count */
export function counterIn(text: string): number {
  const value = /^\d{1,20}\n$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new RangeError('not a counter');
  return value;
}

export const sinceThen = (now: DeviceCount, then: DeviceCount): DeviceCount => ({
  sentBytes: now.sentBytes - then.sentBytes,
  sentPackets: now.sentPackets - then.sentPackets,
  arrivedBytes: now.arrivedBytes - then.arrivedBytes,
  arrivedPackets: now.arrivedPackets - then.arrivedPackets,
});

/** What a contract counts: up to the IP header. True where the kernel counts what is on the line (two-hosts.ts). */
export const ipBytes = (bytes: number, packets: number): number => bytes - ETHERNET_BYTES * packets;
