import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { captureLoopback, flowsOf, NEEDED_FOR_CAPTURE } from '#lab/capture.ts';
import { needs, needsRoot } from '#tests/support/need.ts';

describe.skipIf(!needsRoot() || !needs(NEEDED_FOR_CAPTURE))('a capture of loopback', () => {
  it('holds every byte of the connections of its ports, in order, and nothing of others', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'telework-capture-'));
    const file = join(folder, 'lo.pcap');
    const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    const other = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await Promise.all([once(echo, 'listening'), once(other, 'listening')]);
    const port = (echo.address() as AddressInfo).port;
    const capture = await captureLoopback(file, [port]);
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
    const { packets, dropped } = await capture.stop();
    for (const server of [echo, other]) server.close();
    const flows = flowsOf(file);
    rmSync(folder, { recursive: true });
    expect(dropped).toBe(0);
    expect(packets).toBeGreaterThan(5);
    expect(flows.map(({ from, to }) => [from, to].includes(port))).toEqual([true, true]);
    for (const { payload } of flows) expect(payload.equals(sent)).toBe(true);
  });

  it('says what is wrong when it cannot begin', async () => {
    await expect(captureLoopback('/nowhere/lo.pcap', [443])).rejects.toThrow('tcpdump');
  });
});
