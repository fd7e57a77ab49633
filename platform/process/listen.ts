// Binding a listener, with a clear line when that is not possible.
import type { AddressInfo, Server } from 'node:net';
import { Failure } from './exit.ts';

/**
 * @param port 0 takes any free one
 * @returns the port that is bound
 * @throws Failure if the port is in use, not allowed, or the address is not this host's
 */
export async function listen(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host, port }, resolve);
  try {
    await promise;
  } catch (error) {
    throw new Failure(explain((error as NodeJS.ErrnoException).code, host, port));
  } finally {
    server.off('error', reject);
  }
  return (server.address() as AddressInfo).port;
}

function explain(code: string | undefined, host: string, port: number): string {
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} on ${host} is in use by another process`;
    case 'EACCES':
      return `port ${port} on ${host} may not be bound by this user (below 1024 needs CAP_NET_BIND_SERVICE)`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is not an address of this host`;
    default:
      return `cannot listen on ${host} port ${port} (${code ?? 'unknown error'})`;
  }
}
