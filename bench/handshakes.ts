// Full TLS 1.3 handshakes with a client certificate, as every morning brings them: how many a second, how long each.
import { once } from 'node:events';
import { type ConnectionOptions, connect } from 'node:tls';
import { quantile } from './statistics.ts';

export interface Handshakes {
  count: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** of the key exchange */
  group: string;
}

/**
 * @param parallel connections that are being made at the same time
 * @throws Error of the first handshake that fails
 */
export async function measureHandshakes(
  tls: ConnectionOptions,
  seconds: number,
  parallel: number,
  progress: (done: number) => void,
): Promise<Handshakes> {
  const began = performance.now();
  const end = began + seconds * 1000;
  const times: number[] = [];
  let group = '';
  async function one(): Promise<void> {
    while (performance.now() < end) {
      const start = performance.now();
      // No session is passed in, so none is resumed.
      const socket = connect(tls);
      await once(socket, 'secureConnect');
      times.push(performance.now() - start);
      const exchange = socket.getEphemeralKeyInfo();
      if (exchange && 'name' in exchange) group = String(exchange.name);
      socket.destroy();
      progress((performance.now() - began) / (seconds * 1000));
    }
  }
  await Promise.all(Array.from({ length: parallel }, one));
  const perSecond = times.length / ((performance.now() - began) / 1000);
  times.sort((a, b) => a - b);
  return { count: times.length, perSecond, p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99), group };
}
