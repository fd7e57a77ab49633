import { describe, expect, it } from 'vitest';
import { type Rotation, rotationProof } from '#evidence/audit/rotation.ts';

function good(): Rotation {
  const file = {
    name: 'audit-000000000001.jsonl',
    bytes: 2_500,
    firstEvent: 'process-started',
    lastEvent: 'checkpoint',
  };
  const files = () => [
    { ...file },
    { ...file, firstEvent: 'log-continued' },
    { ...file, bytes: 10, lastEvent: 'anchor' },
  ];
  return {
    live: (['gateway', 'broker', 'agent'] as const).map((process) => ({
      ...{ process, intact: true, intactWithoutOne: false },
      files: files(),
    })),
    limitBytes: 2_048,
    years: {
      defaults: { onlineDays: 366, archiveDays: 1_096 },
      intact: true,
      before: 'removed',
      online: { oldestKeptDays: 350, files: 7 },
      archive: { oldestKeptDays: 1_450, files: 22 },
      removed: 7,
    },
  };
}

const judged = (change: (seen: Rotation) => void) => {
  const seen = good();
  change(seen);
  return rotationProof.judge(seen);
};

describe('the proof of rotation and retention (G5)', () => {
  it('passes for files that are one chain and are kept as long as they should', () => {
    expect(judged(() => {})).toMatchObject({ result: 'pass', seen: { en: expect.stringMatching(/in 9 files/) } });
  });

  it.each<[string, (seen: Rotation) => void]>([
    ['a log in one file', ({ live }) => live[0]?.files.splice(1)],
    ['files that are not one chain', ({ live }) => Object.assign(live[1] ?? {}, { intact: false })],
    ['a missing file that nobody notices', ({ live }) => Object.assign(live[2] ?? {}, { intactWithoutOne: true })],
    ['a file that was closed early', ({ live }) => Object.assign(live[0]?.files[0] ?? {}, { bytes: 100 })],
    ['a file without a checkpoint', ({ live }) => Object.assign(live[0]?.files[0] ?? {}, { lastEvent: 'anchor' })],
    ['a year that is too short', ({ years }) => Object.assign(years.defaults, { onlineDays: 300 })],
    ['an archive that is too short', ({ years }) => Object.assign(years.defaults, { archiveDays: 365 })],
    ['files that left too early', ({ years }) => Object.assign(years.online, { oldestKeptDays: 100 })],
    ['files that were removed too early', ({ years }) => Object.assign(years.archive, { oldestKeptDays: 800 })],
    ['files that stay for good', ({ years }) => Object.assign(years.archive, { oldestKeptDays: 1_800 })],
    ['a removal that the log does not tell', ({ years }) => Object.assign(years, { before: null })],
    ['an end of the years that does not verify', ({ years }) => Object.assign(years, { intact: false })],
  ])('fails for %s', (_, change) => {
    expect(judged(change).result).toBe('fail');
  });
});
