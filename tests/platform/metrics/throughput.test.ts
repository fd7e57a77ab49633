import { expect, it } from 'vitest';
import { Throughput } from '#platform/metrics/throughput.ts';

it('tells the bytes of the last whole span, as a rate', () => {
  const throughput = new Throughput(100);
  for (let now = 0; now < 100; now += 10) throughput.add(1_000, now);
  expect(throughput.bytesPerSecond(99)).toBe(0);
  expect(throughput.bytesPerSecond(100)).toBe(100_000);
  throughput.add(500, 150);
  expect(throughput.bytesPerSecond(199)).toBe(100_000);
  expect(throughput.bytesPerSecond(200)).toBe(5_000);
});

it('forgets what is older, however long nobody asked', () => {
  const throughput = new Throughput(100);
  throughput.add(1_000, 10);
  expect(throughput.bytesPerSecond(210)).toBe(0);
  throughput.add(1_000, 1_000);
  expect(throughput.bytesPerSecond(5_000)).toBe(0);
});
