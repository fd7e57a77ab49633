// The network of deploy/README.md: which hosts there are, on which cables, by which addresses. IPv6 is on every cable, though
// nothing of the system uses it: what may not be reached must not be reached by it either.
import type { Cable, Host, Plug } from './namespaces.ts';

export type HostName = 'internet' | 'gateway' | 'broker' | 'firewall' | 'lgwan' | 'office' | 'management';

const plug = (host: HostName, device: string, ...addresses: string[]): Required<Plug> => ({ host, device, addresses });

/** In the order of the way inwards. Devices are called as deploy/nftables calls them. */
export const CABLES = [
  {
    ends: [
      plug('internet', 'home', '203.0.113.77/24', '2001:db8:113::77/64'),
      plug('gateway', 'outside', '203.0.113.10/24', '2001:db8:113::10/64'),
    ],
  },
  {
    ends: [
      plug('gateway', 'inside', '192.0.2.10/24', '2001:db8:2::10/64'),
      plug('broker', 'outside', '192.0.2.20/24', '2001:db8:2::20/64'),
    ],
  },
  {
    ends: [
      plug('broker', 'inside', '198.51.100.20/24', '2001:db8:100::20/64'),
      plug('firewall', 'outside', '198.51.100.1/24', '2001:db8:100::1/64'),
    ],
  },
  {
    ends: [
      plug('firewall', 'agents', '10.30.0.1/24', '2001:db8:30::1/64'),
      plug('lgwan', 'office', '10.30.0.30/24', '2001:db8:30::30/64'),
    ],
  },
  {
    ends: [
      plug('firewall', 'others', '10.30.1.1/24', '2001:db8:31::1/64'),
      plug('office', 'office', '10.30.1.40/24', '2001:db8:31::40/64'),
    ],
  },
  {
    ends: [
      plug('gateway', 'management', '10.20.0.10/24', '2001:db8:20::10/64'),
      plug('management', 'office', '10.20.0.20/24', '2001:db8:20::20/64'),
    ],
  },
] as const satisfies readonly Cable[];

/**
 * Routes are what the connections of deploy/README.md need, and none of them leads from outside inwards past the broker. A
 * resolver that nobody is: who asked for a name would be seen asking who has that address.
 */
export const HOSTS = {
  internet: {},
  gateway: { resolver: '192.0.2.53' },
  broker: {
    resolver: '198.51.100.53',
    routes: [
      { to: '10.30.0.0/24', via: '198.51.100.1' },
      { to: '2001:db8:30::/64', via: '2001:db8:100::1' },
    ],
  },
  firewall: { forwards: true },
  lgwan: {
    resolver: '10.30.0.53',
    routes: [
      { to: '198.51.100.0/24', via: '10.30.0.1' },
      { to: '2001:db8:100::/64', via: '2001:db8:30::1' },
    ],
  },
  /** Another PC of the office, no part of the system. */
  office: {
    routes: [
      { to: 'default', via: '10.30.1.1' },
      { to: 'default', via: '2001:db8:31::1' },
    ],
  },
  management: {},
} as const satisfies Record<HostName, Host>;

/** What every host's hosts file says. */
export const NAMES = {
  'telework.example.jp': '203.0.113.10',
  'admin.telework.example.jp': '10.20.0.10',
  'broker.asp.example.jp': '192.0.2.20',
  'broker.lgwan.example.jp': '198.51.100.20',
} as const;

/** Every address of a host, without prefix length. */
export function addressesOf(host: HostName): string[] {
  const plugs: readonly Plug[] = CABLES.flatMap(({ ends }) => ends);
  return plugs
    .filter((one) => one.host === host)
    .flatMap(({ addresses }) => addresses.map((address) => address.split('/', 1)[0] ?? address));
}
