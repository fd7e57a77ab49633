// How long a request through the certificate gate takes, at a rate that the gateway allows one certificate.
import autocannon from 'autocannon';

export interface Requests {
  path: string;
  count: number;
  /** Answers that were not 2xx; a measurement with any is none. */
  refused: number;
  p50Ms: number;
  p99Ms: number;
}

export async function measureRequests(
  gateway: URL,
  path: string,
  own: { key: string; cert: string; ca: string[] },
  perSecond: number,
  seconds: number,
): Promise<Requests> {
  const result = await autocannon({
    url: new URL(path, gateway).href,
    connections: 1,
    overallRate: perSecond,
    duration: seconds,
    tlsOptions: { ...own, servername: gateway.hostname },
  });
  return {
    path,
    count: result['2xx'],
    refused: result.non2xx + result.errors,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  };
}
