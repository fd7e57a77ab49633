import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, equal, fromBase64Url, fromHex, Reader, toBase64Url, toHex, utf8, Writer } from '#protocol/bytes.ts';

describe('Reader and Writer', () => {
  it('read back what was written, big endian', () => {
    const whole = new Writer()
      .u8(1)
      .u16(0x0203)
      .u32(0x04050607)
      .u48(0x08090a0b0c0d)
      .u64(2 ** 53 - 1);
    const bytes = whole.vector(Uint8Array.of(9, 9)).text('団体').pad(60).done();
    expect(toHex(bytes)).toMatch(/^0102030405060708090a0b0c0d001fffffffffffff00020909/);
    expect(bytes).toHaveLength(60);
    const reader = new Reader(bytes, 'test');
    expect([reader.u8(), reader.u16(), reader.u32(), reader.u48(), reader.u64()]).toEqual([
      1,
      0x0203,
      0x04050607,
      0x08090a0b0c0d,
      2 ** 53 - 1,
    ]);
    expect([reader.vector(2), reader.text(6)]).toEqual([Uint8Array.of(9, 9), '団体']);
    reader.padding();
    reader.end();
  });

  it('believe no length before it is checked', () => {
    const lying = () => new Reader(Uint8Array.of(0xff, 0xff, 1), 'test');
    expect(() => lying().vector(65_535)).toThrow('MALFORMED');
    expect(() => lying().vector(10)).toThrow('MALFORMED');
    expect(() => lying().bytes(2 ** 40)).toThrow('MALFORMED');
    expect(() => lying().u32()).toThrow('MALFORMED');
    expect(() => new Reader(new Uint8Array(0), 'test').u8()).toThrow('MALFORMED');
  });

  it('refuse left-over bytes, padding that carries something, broken UTF-8 and numbers beyond 2^53', () => {
    expect(() => new Reader(Uint8Array.of(0), 'test').end()).toThrow('1 bytes left over');
    expect(() => new Reader(Uint8Array.of(0, 0, 1), 'test').padding()).toThrow('MALFORMED');
    expect(() => new Reader(Uint8Array.of(0, 2, 0xc3, 0x28), 'test').text(2)).toThrow('MALFORMED');
    expect(() => new Reader(new Uint8Array(8).fill(0xff), 'test').u64()).toThrow('MALFORMED');
  });

  it('hand out copies, so that a field does not keep or follow the message', () => {
    const message = Uint8Array.of(1, 2, 3);
    const field = new Reader(message, 'test').bytes(2);
    message.fill(9);
    expect(field).toEqual(Uint8Array.of(1, 2));
    expect(field.buffer.byteLength).toBe(2);
  });

  it('read a view by its own offset', () => {
    expect(new Reader(Uint8Array.of(9, 9, 0x12, 0x34).subarray(2), 'test').u16()).toBe(0x1234);
  });
});

describe('texts of bytes', () => {
  it('come back, in hex and base64url', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(fromHex(toHex(bytes), bytes.length)).toEqual(bytes);
      expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes);
      expect(toBase64Url(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
    });
    fc.assert(property);
  });

  it.each(['0', '0g', 'AB', '00 ', '0000'])('refuse %s as one byte of hex', (hex) => {
    expect(() => fromHex(hex, 1)).toThrow('MALFORMED');
  });

  it.each(['a', 'ab=', 'a+b/', 'a b', 'ab\n'])('refuse %j as base64url', (value) => {
    expect(() => fromBase64Url(value)).toThrow('MALFORMED');
  });
});

it('equal compares every byte and the length', () => {
  expect(equal(utf8('abc'), utf8('abc'))).toBe(true);
  expect(equal(utf8('abc'), utf8('abd'))).toBe(false);
  expect(equal(utf8('abc'), utf8('ab'))).toBe(false);
  expect(equal(utf8(''), utf8(''))).toBe(true);
});

it('concat makes one of many', () => {
  expect(concat(utf8('a'), utf8(''), utf8('bc'))).toEqual(utf8('abc'));
});
