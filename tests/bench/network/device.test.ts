import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counterIn, DEVICE, ipBytes, readDevice, sinceThen } from '#bench/network/device.ts';

describe('a counter of the kernel', () => {
  it('is a decimal number and a newline', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        expect(counterIn(`${value}\n`)).toBe(value);
      }),
    );
  });

  it.each(['', '\n', '12', '12\n\n', '-1\n', '1e3\n', '0x10\n', ' 12\n', '12 \n', '1 2\n', `${'9'.repeat(21)}\n`])(
    'is not %j',
    (text) => expect(() => counterIn(text)).toThrow(RangeError),
  );

  it('is refused where a double would lose count', () => {
    expect(counterIn(`${Number.MAX_SAFE_INTEGER}\n`)).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => counterIn('9007199254740992\n')).toThrow('not a counter');
  });

  it('is refused for any other text', () => {
    const others = fc.string().filter((text) => !/^\d+\n$/.test(text));
    fc.assert(
      fc.property(others, (text) => {
        expect(() => counterIn(text)).toThrow(RangeError);
      }),
    );
  });
});

describe('what a device has counted', () => {
  it.skipIf(process.platform !== 'linux')('is read from the kernel, and grows', () => {
    const first = readDevice('lo');
    const second = readDevice('lo');
    for (const value of Object.values(sinceThen(second, first))) expect(value).toBeGreaterThanOrEqual(0);
    // Whatever loopback sends arrives there.
    expect(first.sentBytes).toBe(first.arrivedBytes);
  });

  it('is told by file and reason where there is no such device', () => {
    const failed = expect.objectContaining({ exitCode: 3, message: expect.stringContaining('/nosuch0/statistics/') });
    expect(() => readDevice('nosuch0')).toThrow(failed);
  });

  it('weighs 14 bytes a packet more than what a contract counts', () => {
    expect(ipBytes(1_514 * 3, 3)).toBe(1_500 * 3);
    expect(ipBytes(0, 0)).toBe(0);
  });
});

it('a device is named so that it cannot lead out of its folder', () => {
  for (const name of ['tw0a12345', 'lo', 'eth0']) expect(name).toMatch(DEVICE);
  for (const name of ['', '..', 'a/b', '../lo', 'a b', 'sixteencharacter', '0a']) expect(name).not.toMatch(DEVICE);
});
