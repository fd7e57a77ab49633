import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLog } from '#platform/process/log.ts';
import { Refusal } from '#protocol/codes.ts';

const MARKER = 'MARKER-5f3a';

/** One log call, and what stands on stderr then. */
function logged(...args: [unknown, ...unknown[]]): string {
  let written = '';
  const log = createLog('gateway', {
    write(line) {
      written += line;
    },
  });
  (log.info as (...args: unknown[]) => void)(...args);
  return written;
}

describe('the log', () => {
  it('is one JSON object a line with level, time in UTC, name and message', () => {
    const line = logged({ port: 443 }, 'serving');
    expect(line.endsWith('\n')).toBe(true);
    expect(JSON.parse(line)).toMatchObject({ level: 'info', name: 'gateway', port: 443, msg: 'serving' });
    expect(JSON.parse(line).time).toMatch(/^\d{4}-.*Z$/);
  });

  it.each([
    'secret',
    'clientSecret',
    'token',
    'accesstoken',
    'ticket',
    'code',
    'pairing_code',
    'codes',
    'password',
    'passwd',
    'p12Password',
    'Cookie',
    'set-cookie',
    'authorization',
    'grant',
    'grants',
    'lease',
    'totp',
    'otp',
    'psk',
    'key',
    'privateKey',
    'api-key',
    'keys',
    'keysym',
    'pin',
    'nonce',
    'KEY',
  ])('hides what stands under %s, at any depth', (key) => {
    expect(logged({ [key]: MARKER }, 'x')).not.toContain(MARKER);
    expect(logged({ a: [{ b: { [key]: { deep: MARKER } } }] }, 'x')).not.toContain(MARKER);
    expect(logged({ [key]: MARKER }, 'x')).toContain('[redacted]');
  });

  it.each(['user', 'desktop', 'reason', 'encoder', 'released', 'municipality', 'tokyo', 'keepAliveMs', 'exitCode'])(
    'shows what stands under %s',
    (key) => expect(logged({ [key]: MARKER }, 'x')).toContain(MARKER),
  );

  it('shows a code that is a public word, and no other', () => {
    for (const code of ['SIGN_IN_REFUSED', 'ECONNRESET', 'ERR_TLS_CERT_ALTNAME_INVALID']) {
      expect(JSON.parse(logged({ code }, 'x')).code).toBe(code);
    }
    for (const code of ['123456', 123456, '7K3M9QXZ2B4D6F8H', 'EABC']) {
      expect(JSON.parse(logged({ code }, 'x')).code).toBe('[redacted]');
    }
  });

  it('hides signed tokens, private keys and otpauth links by their shape, in a message too', () => {
    const jws = `eyJhbGciOiJFUzI1NiJ9.eyJ${MARKER}.${MARKER}`;
    const link = `otpauth://totp/x?secret=${MARKER}`;
    const pem = `-----BEGIN PRIVATE KEY-----\n${MARKER}\n-----END PRIVATE KEY-----\n`;
    for (const text of [
      jws,
      link,
      pem,
      `before ${jws} after`,
      `-----BEGIN EC PRIVATE KEY-----\n${MARKER}"\\" ${MARKER}`,
    ]) {
      expect(logged({ note: text }, 'x')).not.toContain(MARKER);
      expect(logged({}, text)).not.toContain(MARKER);
      expect(logged(new Error(text))).not.toContain(MARKER);
      expect(() => JSON.parse(logged({ note: text }, text))).not.toThrow();
    }
  });

  it('shows neither bytes nor the inside of objects that are not plain data', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const line = logged(
      {
        a: Buffer.from(MARKER),
        b: new Uint8Array(9),
        c: createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })),
        d: new Map([[MARKER, 1]]),
      },
      'x',
    );
    expect(JSON.parse(line)).toMatchObject({ a: '[11 bytes]', b: '[9 bytes]', d: '[Map]' });
    expect(line).not.toContain(MARKER);
  });

  it('shows an error without its stack, and a refusal with its reason', () => {
    const line = logged({ err: Object.assign(new Error('gone'), { code: 'ECONNRESET', config: MARKER }) }, 'x');
    expect(JSON.parse(line).err).toEqual({ type: 'Error', message: 'gone', code: 'ECONNRESET' });
    expect(JSON.parse(logged(new Refusal('TOTP_WRONG', 'third try'))).err).toEqual({
      reason: 'TOTP_WRONG',
      detail: 'third try',
    });
    expect(JSON.parse(logged(new Error('bare')))).toMatchObject({ msg: 'bare', err: { message: 'bare' } });
  });

  it('never breaks its line nor sends a control character, whatever a peer wrote (G6)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (field, message) => {
        const line = logged({ field, [`x${field}`]: 1 }, message);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        JSON.parse(line);
      }),
      { examples: [['\u001b[2J\r\n{"level":"error"}\u009b31m\u202e', '\u2028\u0000']] },
    );
  });

  it('bounds depth, breadth and length, also of what refers to itself', () => {
    const loop: Record<string, unknown> = {};
    loop.loop = loop;
    expect(logged({ loop, wide: Array(10_000).fill(1), long: 'x'.repeat(1e6) }, 'x').length).toBeLessThan(4_000);
  });
});
