import { expect, it } from 'vitest';
import { formatFingerprint } from '#protocol/inner/fingerprint.ts';

it('a fingerprint is eight groups of eight digits', () => {
  const digest = Uint8Array.from({ length: 32 }, (_, i) => i);
  expect(formatFingerprint(digest)).toBe('00010203 04050607 08090a0b 0c0d0e0f 10111213 14151617 18191a1b 1c1d1e1f');
});
