// Everybody signs in and opens a desktop within a minute; then what the doors cost by themselves: full handshakes with
// client certificates, and requests at the rate that one certificate is allowed.

import { join } from 'node:path';
import { readCertified } from '#client-sim/credentials.ts';
import { clientTlsOf } from '#platform/hop/tls.ts';
import { measureHandshakes } from '../handshakes.ts';
import { measureRequests } from '../requests.ts';
import type { MorningResult } from '../result.ts';
import { distribution } from '../statistics.ts';
import { type Context, pause } from './context.ts';

/** Half of what the gateway allows one certificate. */
const REQUESTS_PER_SECOND = 10;
const HANDSHAKES_PARALLEL = 4;

export async function morning(context: Context, withinSeconds: number): Promise<MorningResult> {
  const { bench, seconds, progress } = context;
  const { people } = bench;
  const watched = bench.watch();
  const [signIns, opens, failures]: [number[], number[], string[]] = [[], [], []];
  const arrive = async (user: string, afterMs: number) => {
    await pause(context, afterMs);
    for (const [command, times] of [
      ['sign-in', signIns],
      ['open', opens],
    ] as const) {
      const { ms, failures: failed } = await bench.load(command, { users: [user] });
      times.push(...ms);
      failures.push(...failed);
      if (failed.length > 0) return;
    }
    progress('sign-in', opens.length / people.length / 2);
  };
  await Promise.all(people.map(({ user }, i) => arrive(user, (i / people.length) * withinSeconds * 1000)));
  const processes = watched.use();

  const [first] = people;
  if (!first) throw new Error('nobody came');
  const { tls } = readCertified(join(bench.credentials, first.user), null, Date.now());
  const gateway = new URL(bench.system.gateway);
  const { key, cert, ca } = tls.pem;
  progress('handshakes', 0.6);
  const dial = { ...clientTlsOf(tls, gateway.hostname), host: '127.0.0.1', port: Number(gateway.port) };
  const handshakes = await measureHandshakes(dial, seconds, HANDSHAKES_PARALLEL, () => {});
  progress('requests', 0.8);
  const requests = await measureRequests(gateway, '/healthz', { key, cert, ca }, REQUESTS_PER_SECOND, seconds);
  return {
    scenario: 'morning',
    users: people.length,
    withinSeconds,
    signInMs: distribution(signIns),
    openMs: distribution(opens),
    failed: failures.length,
    handshakes,
    requests: [requests],
    processes,
  };
}
