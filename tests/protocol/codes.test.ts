import { describe, expect, it } from 'vitest';
import {
  CODES,
  type Code,
  closeCode,
  codeFromClose,
  codeFromWire,
  codeOf,
  Refusal,
  refusalFrom,
} from '#protocol/codes.ts';

const rows = Object.entries(CODES) as [Code, (typeof CODES)[Code]][];

describe('the table of codes', () => {
  it('has a number of its own for each, below 1000, so that it fits behind 4000', () => {
    const numbers = rows.map(([, row]) => row.wire);
    expect(new Set(numbers).size).toBe(numbers.length);
    for (const number of numbers) expect(number).toBeGreaterThanOrEqual(0);
    for (const number of numbers) expect(number).toBeLessThan(1000);
  });

  it.each(rows)('%s has a sentence in both languages and a status', (_, row) => {
    expect(row.ja).toMatch(/[ぁ-ん].*。$/u);
    expect(row.en).toMatch(/^[A-Z].*\.$/);
    expect(row.http).toBeGreaterThanOrEqual(200);
    expect(row.http).toBeLessThan(600);
  });

  it.each(rows)('%s comes back from its number and from a WebSocket close', (code, row) => {
    expect(codeFromWire(row.wire)).toBe(code);
    expect(codeFromClose(closeCode(code))).toBe(code);
  });

  it('knows nothing beyond itself', () => {
    for (const number of [-1, 999, 1.5, Number.NaN]) expect(codeFromWire(number)).toBe(null);
    for (const close of [1000, 1006, 4999, 0]) expect(codeFromClose(close)).toBe('CONNECTION_LOST');
  });
});

describe('a refusal', () => {
  it('tells the other side its code and keeps the reason', () => {
    const refusal = new Refusal('TOTP_REPLAYED', 'step');
    expect([refusal.code, refusal.reason, refusal.message]).toEqual([
      'SIGN_IN_REFUSED',
      'TOTP_REPLAYED',
      'TOTP_REPLAYED: step',
    ]);
    expect(codeOf('TOTP_WRONG'), 'no difference for a prober').toBe(codeOf('USER_UNKNOWN'));
  });

  it('stands for anything else that was thrown as INTERNAL', () => {
    const refusal = new Refusal('MALFORMED');
    expect(refusalFrom(refusal)).toBe(refusal);
    expect(refusalFrom(new Error('x'))).toMatchObject({ reason: 'INTERNAL', code: 'UNAVAILABLE' });
    expect(refusalFrom('x').detail).toBe('x');
  });
});
