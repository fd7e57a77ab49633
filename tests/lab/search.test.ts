import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { filesBelow, NEEDLE_MIN_BYTES, Search, searchFiles } from '#lab/search.ts';

const needle = randomBytes(32);
const others = Array.from({ length: 20 }, () => ({ kind: 'other', bytes: randomBytes(32) }));
const needles = [{ kind: 'wanted', bytes: needle }, ...others];

const FORMS: [string, (bytes: Buffer) => Buffer][] = [
  ['as it is', (bytes) => bytes],
  ['in hexadecimal', (bytes) => Buffer.from(bytes.toString('hex'))],
  ['in capital hexadecimal', (bytes) => Buffer.from(bytes.toString('hex').toUpperCase())],
  ...[0, 1, 2].flatMap((before): [string, (bytes: Buffer) => Buffer][] => [
    [
      `in base64 behind ${before} bytes`,
      (bytes) => Buffer.from(Buffer.concat([randomBytes(before), bytes, randomBytes(9)]).toString('base64')),
    ],
    [
      `in base64url behind ${before} bytes`,
      (bytes) => Buffer.from(Buffer.concat([randomBytes(before), bytes]).toString('base64url')),
    ],
  ]),
];

describe('a search for bytes', () => {
  it.each(FORMS)('finds a needle %s, wherever it stands and however it comes in pieces', (_, form) => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(300), fc.integer({ min: 1, max: 90 }), (before, behind, piece) => {
        const hay = Buffer.concat([randomBytes(before), form(needle), randomBytes(behind)]);
        const search = new Search(needles);
        for (let at = 0; at < hay.length; at += piece) search.push(hay.subarray(at, at + piece));
        expect([search.found('wanted'), search.found('other'), search.bytes]).toEqual([1, 0, hay.length]);
      }),
      { numRuns: 50 },
    );
  });

  it('finds nothing where only parts of it stand', () => {
    const search = new Search(needles);
    search.push(needle.subarray(0, 31));
    search.push(needle.subarray(0, 31));
    search.push(Buffer.from(needle.map((byte, i) => (i === 15 ? byte ^ 1 : byte))));
    expect(search.found('wanted')).toBe(0);
  });

  it('finds nothing across a cut', () => {
    const search = new Search(needles);
    search.push(needle.subarray(0, 16));
    search.cut();
    search.push(needle.subarray(16));
    expect(search.found('wanted')).toBe(0);
  });

  it('finds needles with few different bytes, such as a typed key', () => {
    const key = Buffer.from(`0401000001234567${'0'.repeat(16)}`, 'hex');
    const search = new Search([{ kind: 'key', bytes: key }]);
    search.push(Buffer.concat([Buffer.alloc(1001), key, Buffer.alloc(99)]));
    expect(search.found('key')).toBe(1);
  });

  it('refuses what is too short to mean anything', () => {
    expect(() => new Search([{ kind: 'short', bytes: Buffer.alloc(NEEDLE_MIN_BYTES - 1) }])).toThrow('no needle');
  });

  const folder = mkdtempSync(join(tmpdir(), 'telework-search-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('looks through files one by one, and not at those that have gone', async () => {
    writeFileSync(join(folder, 'one'), needle.subarray(0, 16));
    writeFileSync(join(folder, 'two'), needle.subarray(16));
    const search = new Search(needles);
    const paths = [...filesBelow(folder), join(folder, 'gone')];
    expect(await searchFiles(search, paths)).toEqual(filesBelow(folder));
    expect(search.found('wanted')).toBe(0);
    writeFileSync(join(folder, 'three'), needle);
    await searchFiles(search, filesBelow(folder));
    expect(search.found('wanted')).toBe(1);
  });
});
