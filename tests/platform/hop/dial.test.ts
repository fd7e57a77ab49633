import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dialSocket, UpgradeRefused } from '#platform/hop/dial.ts';
import { refusalBody } from '#platform/hop/refusal-body.ts';
import { CODES, Refusal } from '#protocol/codes.ts';
import { type Hop, openHop, testTls } from '#tests/support/hop.ts';

let hop: Hop;
beforeAll(async () => {
  hop = await openHop(async (path) => {
    if (path === '/test') return;
    if (path === '/bug') throw new TypeError('a bug');
    throw new Refusal('DESKTOP_IN_USE', 'a detail that stays inside');
  });
});
afterAll(() => hop.close());

/** Sends a request over TLS. @returns the answer: the whole until the server ends it, or a head of 101 */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...testTls, host: '127.0.0.1', port: Number(new URL(hop.url).port) }, () =>
      socket.write(text),
    );
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      answer += chunk;
      if (/^HTTP\/1\.1 101 .*\r\n\r\n/s.test(answer)) socket.destroy();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

const UPGRADE = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n';
const KEY = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';

describe('dialling', () => {
  const dial = (path: string, options = {}) =>
    dialSocket(`${hop.url}${path}`, testTls, { timeoutMs: 5_000, verify() {}, ...options });

  it('tells the code of a refused upgrade', async () => {
    await expect(dial('/busy')).rejects.toThrow(UpgradeRefused);
    await expect(dial('/busy')).rejects.toMatchObject({ code: 'DESKTOP_BUSY' });
    await expect(dial('/bug')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(hop.refusals.map(({ reason }) => reason)).toEqual(['DESKTOP_IN_USE', 'DESKTOP_IN_USE', 'INTERNAL']);
  });

  it('finds in a refused upgrade what stands in every other refusal, whole', async () => {
    const answer = await raw(`GET /busy HTTP/1.1\r\nHost: x\r\n${UPGRADE}${KEY}\r\n`);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    const { ja, en } = CODES.DESKTOP_BUSY;
    expect(JSON.parse(body)).toEqual({ code: 'DESKTOP_BUSY', message: { ja, en } });
    expect(head).toContain(`\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`);
  });

  it('sends not one byte of HTTP to a server whose certificate is refused', async () => {
    let requests = 0;
    const counting = () => requests++;
    hop.server.on('upgrade', counting);
    const verify = () => {
      throw new Refusal('CERTIFICATE_WRONG_KIND');
    };
    await expect(dial('/test', { verify, headers: { cookie: 'secret' } })).rejects.toMatchObject({
      reason: 'CERTIFICATE_WRONG_KIND',
    });
    await dial('/test').then((socket) => socket.close('ENDED'));
    hop.server.off('upgrade', counting);
    expect(requests).toBe(1);
  });

  it('refuses a server that is not trusted, and an address where nobody listens', async () => {
    const { ca: _, ...untrusting } = testTls;
    await expect(dialSocket(`${hop.url}/test`, untrusting, { timeoutMs: 5_000, verify() {} })).rejects.toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    await expect(
      dialSocket('wss://127.0.0.1:1/test', testTls, { timeoutMs: 5_000, verify() {} }),
    ).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(dialSocket('ws://127.0.0.1:1/', testTls, { timeoutMs: 5_000, verify() {} })).rejects.toThrow('wss:');
  });

  it('gives up on a server that stays silent, and when it is told to', async () => {
    const silent = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const url = `wss://127.0.0.1:${(silent.address() as AddressInfo).port}/test`;
    await expect(dialSocket(url, testTls, { timeoutMs: 30, verify() {} })).rejects.toMatchObject({
      reason: 'HANDSHAKE_TIMED_OUT',
    });
    const stop = new AbortController();
    const dialling = dialSocket(url, testTls, { timeoutMs: 60_000, signal: stop.signal, verify() {} });
    stop.abort();
    await expect(dialling).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' });
    await new Promise((resolve) => silent.close(resolve));
  });
});

describe('accepting', () => {
  it('answers a refusal as HTTP with the code and nothing of the detail', async () => {
    const answer = await raw(`GET /busy HTTP/1.1\r\nHost: x\r\n${UPGRADE}${KEY}\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 409 /);
    expect(answer).toContain('Content-Type: application/json');
    expect(answer.endsWith(`\r\n\r\n${refusalBody('DESKTOP_BUSY')}`)).toBe(true);
  });

  it.each([
    ['CONNECT', 'CONNECT 10.0.0.1:5901 HTTP/1.1\r\nHost: 10.0.0.1:5901\r\n\r\n', 404],
    ['an upgrade without a key', `GET /test HTTP/1.1\r\nHost: x\r\n${UPGRADE}\r\n`, 400],
    ['an upgrade of another method', `POST /test HTTP/1.1\r\nHost: x\r\n${UPGRADE}${KEY}\r\n`, 400],
    [
      'an upgrade to another protocol',
      'GET /test HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n',
      400,
    ],
  ])('refuses %s with a code', async (_, request, status) => {
    const answer = await raw(request);
    expect(answer).toContain(`HTTP/1.1 ${status} `);
    expect(answer).toContain(`\r\n\r\n${refusalBody(status === 404 ? 'NOT_FOUND' : 'BAD_REQUEST')}`);
  });

  it('survives a client that resets in the middle of an upgrade', async () => {
    const socket = connect({ ...testTls, host: '127.0.0.1', port: Number(new URL(hop.url).port) });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    socket.write(`GET /busy HTTP/1.1\r\nHost: x\r\n${UPGRADE}${KEY}\r\n`);
    socket.destroy();
    const after = await hop.dial();
    after.close('ENDED');
  });

  it('accepts no compression', async () => {
    const answer = await raw(
      `GET /test HTTP/1.1\r\nHost: x\r\n${UPGRADE}${KEY}Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 101 /);
    expect(answer).not.toContain('Extensions');
  });
});
