// Where a VNC desktop may stand: on this machine, and nowhere else. An agent that could be made to connect further
// would be a way into the network (T08), so a host name is refused too: what it means is decided elsewhere.
import { isIPv4 } from 'node:net';
import { Failure } from '#platform/process/exit.ts';

export type VncAddress = { readonly path: string } | { readonly host: string; readonly port: number };

/**
 * @param address "unix:/run/vnc.sock", "127.0.0.1:5901" or "[::1]:5901"
 * @throws Failure for anything else
 */
export function parseVncAddress(address: string): VncAddress {
  if (address.startsWith('unix:/')) return { path: address.slice('unix:'.length) };
  const [, host, digits] = /^(\[::1\]|127(?:\.\d{1,3}){3}):(\d{1,5})$/.exec(address) ?? [];
  const port = Number(digits);
  const real = host === '[::1]' || (host !== undefined && isIPv4(host));
  if (real && port >= 1 && port <= 65_535) return { host: host === '[::1]' ? '::1' : host, port };
  throw new Failure(
    `desktop address ${JSON.stringify(address)}: only unix:/path/of.sock, 127.0.0.1:PORT or [::1]:PORT is allowed`,
  );
}
