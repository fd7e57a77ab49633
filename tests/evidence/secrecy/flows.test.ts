import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { flowsOf } from '#evidence/secrecy/flows.ts';
import { here } from '#lab/process.ts';
import { capture } from '#lab/tap.ts';
import { needs, needsRoot } from '#tests/support/need.ts';

describe.skipIf(!needsRoot() || !needs('tcpdump'))('a capture of loopback', () => {
  it('holds every byte of the connections of its ports, in order, and nothing of others', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'telework-capture-'));
    const file = join(folder, 'lo.pcap');
    const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    const other = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await Promise.all([once(echo, 'listening'), once(other, 'listening')]);
    const port = (echo.address() as AddressInfo).port;
    const tap = await capture(here, 'lo', file, `tcp port ${port}`);
    const sent = randomBytes(200_000);
    for (const to of [port, (other.address() as AddressInfo).port]) {
      const socket = connect({ port: to, host: '127.0.0.1' });
      let heard = 0;
      socket.on('data', (chunk: Buffer) => {
        heard += chunk.length;
        if (heard === sent.length) socket.end();
      });
      socket.write(sent);
      await once(socket, 'close');
    }
    const { packets, missed } = await tap.stop();
    for (const server of [echo, other]) server.close();
    const flows = flowsOf(packets);
    rmSync(folder, { recursive: true });
    expect(missed).toBe(0);
    expect(await tap.stop()).toBe(await tap.stop());
    expect(flows.map(({ from, to }) => [from, to].includes(port))).toEqual([true, true]);
    for (const { payload } of flows) expect(payload.equals(sent)).toBe(true);
  });
});
