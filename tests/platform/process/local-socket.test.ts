import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { Failure } from '#platform/process/exit.ts';
import { callLocal } from '#platform/process/local-call.ts';
import { serveLocal } from '#platform/process/local-socket.ts';
import { Refusal } from '#protocol/codes.ts';
import { runScript } from '#tests/support/run-script.ts';

describe('the local socket', () => {
  let folder: string;
  let path: string;
  let close: () => Promise<void>;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tw-socket-'));
    path = join(folder, 'agent.sock');
    const handlers = {
      echo: (body: unknown) => body,
      nothing: async () => {},
      typed: (body: unknown) => z.strictObject({ user: z.string() }).parse(body),
      refuse: () => {
        throw new Refusal('PAIRING_WHILE_LIVE', 'session is live');
      },
      fail: async () => {
        throw new Failure('the disk is full');
      },
      crash: () => (undefined as unknown as { x: number }).x,
    };
    ({ close } = await serveLocal(path, handlers));
  });

  afterEach(async () => {
    await close();
    rmSync(folder, { recursive: true });
  });

  it('is for its owner only', () => {
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('carries JSON to a command and its answer back', async () => {
    const body = { user: '田中', list: [1, null], text: 'x'.repeat(10_000) };
    expect(await callLocal(path, 'echo', body)).toEqual(body);
    expect(await callLocal(path, 'nothing')).toBeNull();
  });

  it('carries refusals and failures as what they are', async () => {
    await expect(callLocal(path, 'refuse')).rejects.toMatchObject({
      reason: 'PAIRING_WHILE_LIVE',
      detail: 'session is live',
    });
    await expect(callLocal(path, 'fail')).rejects.toEqual(new Failure('the disk is full'));
    await expect(callLocal(path, 'typed', { user: 1 })).rejects.toMatchObject({
      reason: 'BODY_MALFORMED',
      detail: 'user: invalid_type',
    });
    await expect(callLocal(path, 'crash')).rejects.toMatchObject({ reason: 'INTERNAL' });
    for (const name of ['none', 'toString', '__proto__', '']) {
      await expect(callLocal(path, name)).rejects.toMatchObject({ reason: 'ROUTE_UNKNOWN' });
    }
    expect(await callLocal(path, 'echo', 1)).toBe(1);
  });

  it('refuses what is too large, no JSON, or no POST', async () => {
    await expect(callLocal(path, 'echo', 'x'.repeat(64 * 1024))).rejects.toMatchObject({ reason: 'BODY_TOO_LARGE' });
    expect(await raw('POST', '{')).toMatch(/BODY_MALFORMED/);
    expect(await raw('GET', '')).toMatch(/ROUTE_UNKNOWN/);
  });

  it('survives a caller that speaks something else or leaves', async () => {
    for (const bytes of ['\0\0\0', 'GET', 'POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{']) {
      await new Promise<void>((resolve) => {
        const socket = connect(path, () => socket.end(bytes));
        socket.on('close', () => resolve()).on('error', () => {});
        socket.resume();
      });
    }
    expect(await callLocal(path, 'echo', 1)).toBe(1);
  });

  it('says plainly that nobody answers', async () => {
    await expect(callLocal(join(folder, 'none.sock'), 'echo')).rejects.toThrow(/none\.sock: nothing answers there/);
  });

  it('is not taken from a living process, nor over a file, nor under too long a name', async () => {
    await expect(serveLocal(path, {})).rejects.toThrow(/agent\.sock: in use by another process$/);
    expect(await callLocal(path, 'echo', 1)).toBe(1);
    const file = join(folder, 'file');
    writeFileSync(file, 'precious');
    await expect(serveLocal(file, {})).rejects.toThrow(/file: exists and is not a socket$/);
    await expect(serveLocal(join(folder, 'x'.repeat(120)), {})).rejects.toThrow(/longer than a socket's path may be$/);
    await expect(serveLocal(join(folder, 'none/a.sock'), {})).rejects.toThrow(/no socket can be made there \(\w+\)$/);
  });

  it('is taken over from a process that was killed', async () => {
    const stale = join(folder, 'stale.sock');
    await runScript(`
      import { serveLocal } from '#platform/process/local-socket.ts';
      await serveLocal(${JSON.stringify(stale)}, {});
      process.kill(process.pid, 'SIGKILL');
    `);
    expect(statSync(stale).isSocket()).toBe(true);
    const server = await serveLocal(stale, { ok: () => true });
    expect(await callLocal(stale, 'ok')).toBe(true);
    await server.close();
  });

  function raw(method: string, body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const outgoing = request({ socketPath: path, path: '/echo', method, agent: false }, async (incoming) => {
        let text = '';
        for await (const chunk of incoming) text += chunk;
        resolve(text);
      });
      outgoing.on('error', reject).end(body);
    });
  }
});
