import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { filePath, listenSchema, readConfig } from '#platform/process/config.ts';
import { Failure } from '#platform/process/exit.ts';

const schema = z.strictObject({
  listen: listenSchema,
  tls: z.strictObject({ key: filePath, certificate: filePath }),
  origins: z.array(z.url()).default([]),
  state: filePath.optional(),
});

const GOOD = { listen: { host: '127.0.0.1', port: 443 }, tls: { key: 'keys/a.pem', certificate: '/etc/tw/a.pem' } };

describe('a configuration file', () => {
  let folder: string;
  let path: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tw-config-'));
    path = join(folder, 'gateway.json');
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  function read(content: unknown) {
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return readConfig(path, schema);
  }

  function refusal(content: unknown): string {
    try {
      read(content);
    } catch (error) {
      expect(error).toBeInstanceOf(Failure);
      return (error as Failure).message.replace(path, 'FILE');
    }
    return 'accepted';
  }

  it('resolves relative paths against its own folder', () => {
    expect(read(GOOD).tls).toEqual({ key: join(folder, 'keys/a.pem'), certificate: '/etc/tw/a.pem' });
  });

  it('is frozen throughout', () => {
    const config = read({ ...GOOD, origins: ['https://gateway.example.test'] });
    for (const part of [config, config.listen, config.tls, config.origins]) expect(Object.isFrozen(part)).toBe(true);
  });

  it.each([
    ['a missing key', { ...GOOD, listen: undefined }, 'FILE: "listen" is missing'],
    ['a missing inner key', { ...GOOD, tls: { key: 'a' } }, 'FILE: "tls.certificate" is missing'],
    ['an unknown key', { ...GOOD, debug: true }, 'FILE: unknown key "debug"'],
    ['an unknown inner key', { ...GOOD, tls: { ...GOOD.tls, x: 1 } }, 'FILE: unknown key "tls.x"'],
    ['no JSON', '{', 'FILE: not valid JSON'],
    ['no object', '[]', expect.stringMatching(/^FILE: the file: .*expected object/)],
    [
      'a port that is none',
      { ...GOOD, listen: { host: 'a', port: 70_000 } },
      expect.stringMatching(/^FILE: "listen.port": /),
    ],
    ['a zero byte in a path', { ...GOOD, state: 'a\0b' }, expect.stringMatching(/^FILE: "state": a path cannot/)],
  ])('is refused in one line that names the key: %s', (_, content, expected) => {
    expect(refusal(content)).toEqual(expected);
  });

  it('never shows a value, which may be a secret (T16)', () => {
    const secret = 'hunter2-hunter2';
    for (const content of [
      { ...GOOD, listen: secret },
      { ...GOOD, listen: { host: 'a', port: secret } },
      { ...GOOD, origins: [secret] },
      { ...GOOD, origins: secret },
    ]) {
      expect(refusal(content)).not.toContain(secret);
    }
  });

  it('is refused when it is missing, a folder or too large', () => {
    expect(() => readConfig(join(folder, 'none.json'), schema)).toThrow(/none\.json: cannot be read \(ENOENT\)$/);
    expect(() => readConfig(folder, schema)).toThrow(/cannot be read \(EISDIR\)$/);
    expect(refusal(' '.repeat(1024 * 1024 + 1))).toMatch(/larger than/);
  });
});
