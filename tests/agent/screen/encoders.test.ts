import { afterEach, describe, expect, it } from 'vitest';
import { randomColours, sharedScreen } from '#tests/support/shared-screen.ts';
import type { EncodeJob } from '../../../agent/screen/encode.ts';
import { encodeAreas } from '../../../agent/screen/encode.ts';
import { Encoders } from '../../../agent/screen/encoders.ts';

const CRASHING = new URL('../../support/crashing-encoder.ts', import.meta.url);

function job(tiles: number[], seed = 1): EncodeJob {
  const screen = sharedScreen(128, 64, randomColours(9, seed));
  return {
    ...screen,
    mask: new Uint8Array(new SharedArrayBuffer(128 * 64)),
    areas: tiles.map((tile) => ({ x: tile * 64, y: 0, width: 64, height: 64 })),
    lossless: false,
  };
}

let encoders: Encoders;
afterEach(() => encoders.close());

describe('the encoder threads', () => {
  it('give what encoding in place gives, however many jobs wait', async () => {
    encoders = new Encoders(2);
    const jobs = Array.from({ length: 12 }, (_, i) => job([0, 1], i));
    const encoded = await Promise.all(jobs.map((each) => encoders.encode(each)));
    expect(encoded).toEqual(jobs.map(encodeAreas));
    const bytes = encoded.reduce((sum, one) => sum + one.bytes.length, 0);
    expect(encoders.counts).toEqual({ tiles: 24, bytes, busyMs: expect.any(Number) });
    expect(encoders.counts.busyMs).toBeGreaterThan(0);
  });

  it('read the screen as it is when the job is done, since its memory is shared', async () => {
    encoders = new Encoders(1);
    const first = job([0]);
    const before = await encoders.encode(first);
    new Uint32Array(first.pixels.buffer).fill(0xff00_0000);
    expect((await encoders.encode(first)).bytes).not.toEqual(before.bytes);
  });

  it('survive a crash: the job is tried once more', async () => {
    encoders = new Encoders(1, CRASHING);
    // The first byte of the mask counts the crashes; see crashing-encoder.ts
    const crashesOnce = job([0]);
    crashesOnce.mask[0] = 1;
    expect((await encoders.encode(crashesOnce)).rectangles).toBe(1);
  });

  it('give up a job that kills two threads, and no other', async () => {
    encoders = new Encoders(1, CRASHING);
    const crashesTwice = job([0]);
    crashesTwice.mask[0] = 2;
    const [bad, good] = await Promise.allSettled([encoders.encode(crashesTwice), encoders.encode(job([0]))]);
    expect(bad).toMatchObject({ status: 'rejected', reason: { reason: 'INTERNAL' } });
    expect(good).toMatchObject({ status: 'fulfilled' });
  });

  it('report an error of the encoder as such, never a rectangle', async () => {
    encoders = new Encoders(1);
    await expect(encoders.encode(job([99]))).rejects.toMatchObject({ reason: 'INTERNAL' });
    expect((await encoders.encode(job([1]))).rectangles).toBe(1);
  });

  it('refuse what waits, and what comes later, once closed', async () => {
    encoders = new Encoders(1);
    const waiting = [encoders.encode(job([0])), encoders.encode(job([1]))].map((each) =>
      expect(each).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' }),
    );
    await encoders.close();
    await Promise.all(waiting);
    await expect(encoders.encode(job([0]))).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' });
  });
});
