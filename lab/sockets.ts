// The TCP and UDP sockets of a network namespace, as the kernel lists them: /proc/PID/net/{tcp,tcp6,udp,udp6}.
import { readFileSync } from 'node:fs';
import { SocketAddress } from 'node:net';
import { endianness } from 'node:os';

export interface KernelSocket {
  readonly protocol: 'tcp' | 'udp';
  readonly state: 'listen' | 'established' | 'other';
  readonly local: Endpoint;
  readonly remote: Endpoint;
}
export interface Endpoint {
  /** As RFC 5952 writes it; an IPv4 address on an IPv6 socket as IPv4. */
  readonly address: string;
  readonly port: number;
}

const TABLES = [
  ['tcp', 'tcp'],
  ['tcp6', 'tcp'],
  ['udp', 'udp'],
  ['udp6', 'udp'],
] as const;

/** Of the namespace that the process is in. */
export function socketsOf(pid: number): KernelSocket[] {
  return TABLES.flatMap(([table, protocol]) =>
    parseSocketTable(readFileSync(`/proc/${pid}/net/${table}`, 'latin1'), protocol),
  );
}

const LINE =
  /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) ([0-9A-F]{2}) /;

/** @param text a header and one line a socket. @throws RangeError for a line of another form */
export function parseSocketTable(text: string, protocol: 'tcp' | 'udp'): KernelSocket[] {
  return text
    .split('\n')
    .slice(1)
    .filter((line) => line !== '')
    .map((line) => {
      const [, from = '', fromPort = '', to = '', toPort = '', state = ''] = LINE.exec(line) ?? [];
      if (state === '') throw new RangeError(`not a line of /proc/net/${protocol}`);
      return {
        protocol,
        state: stateOf(protocol, state),
        local: { address: addressOf(from), port: Number.parseInt(fromPort, 16) },
        remote: { address: addressOf(to), port: Number.parseInt(toPort, 16) },
      };
    });
}

/** A UDP socket that is connected to nobody takes datagrams from everybody: it listens (state 07). */
function stateOf(protocol: 'tcp' | 'udp', state: string): KernelSocket['state'] {
  if (state === (protocol === 'tcp' ? '0A' : '07')) return 'listen';
  return state === '01' ? 'established' : 'other';
}

/** Words of 32 bits, each in the machine's own byte order. */
function addressOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = Buffer.concat(
    words.map((word) => (endianness() === 'LE' ? Buffer.from(word, 'hex').reverse() : Buffer.from(word, 'hex'))),
  );
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  const { address } = new SocketAddress({ address: groups.join(':'), family: 'ipv6' });
  return address.replace(/^::ffff:(?=\d+\.)/, '');
}

export const isLoopback = (address: string): boolean => address === '::1' || /^127\./.test(address);

/** Where somebody else than this host could connect, such as "tcp 192.0.2.20:443". */
export function openTo(sockets: readonly KernelSocket[]): string[] {
  return sockets
    .filter(({ state, local }) => state === 'listen' && !isLoopback(local.address))
    .map(
      ({ protocol, local }) =>
        `${protocol} ${local.address.includes(':') ? `[${local.address}]` : local.address}:${local.port}`,
    )
    .sort();
}
