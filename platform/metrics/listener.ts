// Where a monitor on this host reads the metrics: GET /metrics on loopback, and nothing else. There is no TLS and no
// password because there is no network: who may run a program here may read how busy the process is. A monitor
// elsewhere comes through an agent of its own on the host, or ssh. On the LGWAN side nothing may listen beyond
// loopback (C2).
import { createServer, type IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';
import * as z from 'zod';
import { lineOf } from '../process/exit.ts';
import { listen } from '../process/listen.ts';
import type { Log } from '../process/log.ts';
import type { Metrics } from './metrics.ts';

/** A monitor or two; whoever holds more open waits. */
const CONNECTIONS_MAX = 8;
const REQUEST_MAX_MS = 5_000;

/** A literal address: what a name means is decided elsewhere. */
const isLoopback = (host: string): boolean => host === '::1' || (host.startsWith('127.') && isIPv4(host));

/** The key "metrics" of a process's configuration. Without it nothing listens. */
export const metricsSchema = z
  .strictObject({
    host: z.string().refine(isLoopback, 'metrics stay on this host: only 127.0.0.1 or ::1, as a literal address'),
    port: z.int().min(0).max(65_535),
  })
  .optional();

export type MetricsAddress = NonNullable<z.infer<typeof metricsSchema>>;

/**
 * @returns the port that is bound
 * @throws Failure if the port is in use
 */
export async function serveMetrics(
  address: MetricsAddress,
  metrics: Metrics,
  log: Pick<Log, 'error'>,
): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer(
    { requestTimeout: REQUEST_MAX_MS, headersTimeout: REQUEST_MAX_MS },
    (request, response) => {
      const answer = (status: number, type: string, text: string) => {
        response.writeHead(status, {
          'content-type': type,
          'content-length': Buffer.byteLength(text),
          connection: 'close',
        });
        response.end(text);
      };
      if (!isForMetrics(request)) return answer(404, 'text/plain', 'only GET /metrics\n');
      metrics.text().then(
        (text) => answer(200, metrics.contentType, text),
        (error: unknown) => {
          log.error(`metrics could not be collected: ${lineOf(error)}`);
          answer(500, 'text/plain', 'metrics could not be collected\n');
        },
      );
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  server.maxHeadersCount = 32;
  const port = await listen(server, address);
  return {
    port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A page in a browser of this host could make its own name point here; the Host header then is that name. */
function isForMetrics({ method, url, headers }: IncomingMessage): boolean {
  const host = (headers.host ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return method === 'GET' && url === '/metrics' && (host === 'localhost' || isLoopback(host));
}
