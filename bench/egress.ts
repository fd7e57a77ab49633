// What the broker itself says it has put on the line, towards the gateways: the shaper's own count of wire bytes, read
// where any monitor reads it. Where there is a cable, beside it what the kernel has counted there.
import { Failure } from '#platform/process/exit.ts';
import { monotonicUs } from './clock.ts';
import { type DeviceCount, readDevice } from './network/device.ts';

/** Since the broker began, and since the device was made. */
export interface Egress {
  readonly bytes: number;
  /** On the machine's monotonic clock. */
  readonly atUs: number;
  /** null where everything runs over loopback. */
  readonly device: DeviceCount | null;
}

/** Of an answer that took longer nobody knows when the broker counted: it is asked again. */
const ANSWER_MAX_US = 20_000;
const TRIES = 10;

/** @param device of the cable, on the host where this runs @throws Failure if broker or kernel does not tell */
export async function readEgress(metricsPort: unknown, device: string | null): Promise<Egress> {
  for (let tries = 1; ; tries++) {
    const askedUs = monotonicUs();
    const bytes = await sentBytes(metricsPort);
    const atUs = monotonicUs();
    if (atUs - askedUs > ANSWER_MAX_US && tries < TRIES) continue;
    return { bytes, atUs, device: device === null ? null : readDevice(device) };
  }
}

const SENT = /^telework_line_sent_bytes_total\{(?<labels>[^}]*)\} (?<value>[0-9.e+]+)$/;

/** The answer grows with the municipalities; bench has one. */
const ANSWER_MAX_CHARACTERS = 1_000_000;

/** @returns bytes since the broker began. @throws Failure if the broker does not tell */
async function sentBytes(metricsPort: unknown): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${Number(metricsPort)}/metrics`);
  const text = await response.text();
  if (!response.ok || text.length > ANSWER_MAX_CHARACTERS) throw new Failure('the broker tells no metrics', 3);
  return sentBytesIn(text);
}

/** @param text in Prometheus' exposition format */
export function sentBytesIn(text: string): number {
  const outward = text.split('\n').flatMap((line) => {
    const { labels, value } = SENT.exec(line)?.groups ?? {};
    return labels?.includes('direction="outward"') ? [Number(value)] : [];
  });
  return outward.reduce((sum, bytes) => sum + bytes, 0);
}
