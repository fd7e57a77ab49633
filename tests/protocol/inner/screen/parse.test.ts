import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Refusal } from '#protocol/codes.ts';
import { ByteQueue } from '#protocol/inner/screen/byte-queue.ts';
import { IncrementalParser, type Parse } from '#protocol/inner/screen/parse.ts';
import { cut } from '#tests/support/rfb-bytes.ts';

describe('the byte queue', () => {
  it('gives the bytes back in order however they were cut and are asked for', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.array(fc.nat(200)),
        fc.array(fc.nat(40), { maxLength: 40 }),
        (bytes, places, takes) => {
          const queue = new ByteQueue();
          for (const chunk of cut(bytes, places)) queue.append(chunk);
          let at = 0;
          for (const count of takes) {
            const taken = queue.take(count);
            if (count > bytes.length - at) expect(taken).toBeNull();
            else {
              expect(taken).toEqual(bytes.subarray(at, at + count));
              at += count;
            }
            expect(queue.length).toBe(bytes.length - at);
          }
          expect(queue.drop(1000)).toBe(bytes.length - at);
        },
      ),
    );
  });
});

describe('the incremental parser', () => {
  function* pairs(seen: number[], wait?: Promise<void>): Parse<void> {
    for (;;) {
      const pair = yield 2;
      if (pair[0] === 255) throw new Refusal('MALFORMED', 'test');
      if (pair[0] === 254) yield { skip: pair[1] as number };
      else seen.push((pair[0] as number) * 256 + (pair[1] as number));
      if (wait) yield wait;
    }
  }

  it('has dealt with every whole element when push returns', () => {
    const seen: number[] = [];
    const parser = new IncrementalParser(pairs(seen));
    void parser.push(Uint8Array.of(0, 1, 0));
    expect(seen).toEqual([1]);
    void parser.push(Uint8Array.of(2));
    void parser.push(Uint8Array.of(254, 3, 9));
    void parser.push(Uint8Array.of(9, 9, 0, 3));
    expect(seen).toEqual([1, 2, 3]);
  });

  it('reads nothing further while it waits for a promise, then everything that came meanwhile', async () => {
    const seen: number[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const parser = new IncrementalParser(pairs(seen, promise));
    const pushed = [parser.push(Uint8Array.of(0, 1, 0, 2)), parser.push(Uint8Array.of(0, 3))];
    await Promise.resolve();
    expect(seen).toEqual([1]);
    resolve();
    await Promise.all(pushed);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('stays refused after the first violation', async () => {
    const seen: number[] = [];
    const parser = new IncrementalParser(pairs(seen));
    await expect(parser.push(Uint8Array.of(255, 0, 0, 1))).rejects.toMatchObject({ reason: 'MALFORMED' });
    await expect(parser.push(Uint8Array.of(0, 1))).rejects.toMatchObject({ reason: 'MALFORMED' });
    expect(seen).toEqual([]);
  });

  it('turns a failed promise into a refusal', async () => {
    const parser = new IncrementalParser(pairs([], Promise.reject(new Refusal('MALFORMED', 'later'))));
    await expect(parser.push(Uint8Array.of(0, 1))).rejects.toMatchObject({ reason: 'MALFORMED' });
  });
});
