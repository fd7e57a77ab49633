import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { endianness } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import { openTo, parseSocketTable, socketsOf } from '#lab/sockets.ts';

const HEADER = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const REST = '00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0\n';

describe.skipIf(process.platform !== 'linux')('the sockets of a namespace', () => {
  const servers = [createServer(), createServer(), createServer()] as const;
  const datagrams = createSocket('udp4');
  afterAll(() => {
    for (const server of servers) server.close();
    datagrams.close();
  });

  it('are those that the kernel has: TCP and UDP, open to others or to this host alone', async () => {
    const [any, any6, loopback] = servers;
    any.listen(0, '0.0.0.0');
    any6.listen(0, '::');
    loopback.listen(0, '127.0.0.1');
    datagrams.bind(0, '0.0.0.0');
    await Promise.all([...servers, datagrams].map((one) => once(one, 'listening')));
    const port = (server: (typeof servers)[number]) => (server.address() as AddressInfo).port;
    const open = openTo(socketsOf(process.pid));
    expect(open).toContain(`tcp 0.0.0.0:${port(any)}`);
    expect(open).toContain(`tcp [::]:${port(any6)}`);
    expect(open).toContain(`udp 0.0.0.0:${datagrams.address().port}`);
    expect(open.join()).not.toContain(`:${port(loopback)}`);
  });

  it.skipIf(endianness() !== 'LE')('are read to the byte', () => {
    const line = `   0: 140200C0:01BB 0A0200C0:9C40 01 ${REST}`;
    const line6 = `   1: B80D01200000000000000000010000FF:0016 00000000000000000000000000000000:0000 0A ${REST}`;
    expect(parseSocketTable(HEADER + line + line6, 'tcp')).toEqual([
      {
        ...{ protocol: 'tcp', state: 'established' },
        ...{ local: { address: '192.0.2.20', port: 443 }, remote: { address: '192.0.2.10', port: 40_000 } },
      },
      {
        ...{ protocol: 'tcp', state: 'listen' },
        ...{ local: { address: '2001:db8::ff00:1', port: 22 }, remote: { address: '::', port: 0 } },
      },
    ]);
  });

  it('are never half read: a line of another form is refused', () => {
    expect(() => parseSocketTable(`${HEADER}   0: nonsense\n`, 'tcp')).toThrow(RangeError);
  });
});
