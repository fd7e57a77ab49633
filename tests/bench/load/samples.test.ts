import { expect, it } from 'vitest';
import { BUCKET_MS, gather, Samples } from '#bench/load/samples.ts';
import { wireBytes } from '#broker/shaping/wire-bytes.ts';

it('gathers every sample of a group, by time and by session', () => {
  const [first, second] = [new Samples(1_000_000), new Samples(1_000_000)];
  first.payload(4_000, 1_000_000);
  first.payload(1_000, 1_000_000 + 2 * BUCKET_MS * 1000);
  first.update(990_000, 1_000_000);
  second.update(1_150_000, 1_000_000 + 2 * BUCKET_MS * 1000);
  first.keysMs.push(20, 30);
  second.keysMs.push(10);
  const gathered = gather([first, second]);
  expect(gathered).toMatchObject({
    bytes: 5_000,
    bytesPerSession: [5_000, 0],
    updates: 2,
    wireBytes: wireBytes(4_024) + wireBytes(1_024),
    wireBytesOverTime: [wireBytes(4_024), 0, wireBytes(1_024)],
    stalenessOverTime: [10, 0, 50],
  });
  expect(gathered.keysMs).toMatchObject({ count: 3, p50: 20, max: 30 });
});

it('gathers nothing from nobody', () => {
  expect(gather([])).toMatchObject({ bytes: 0, wireBytesOverTime: [], bytesPerSession: [] });
});
