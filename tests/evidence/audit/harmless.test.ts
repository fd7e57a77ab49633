import { describe, expect, it } from 'vitest';
import { type Harmless, harmlessProof } from '#evidence/audit/harmless.ts';

describe("the proof that outsiders' texts are harmless (G6)", () => {
  const text = (name: string, marks: number) => ({ name, bytes: 9_000, obeyed: null, badLines: 0, marks });
  const good: Harmless = {
    texts: [text('gateway/audit.jsonl', 30), text('failures.csv', 30), text('gateway.log', 0)],
    collector: { messages: 90, faults: 0, forged: 0, marks: 30 },
    sent: 9,
    control: { obeyed: 6, formulas: 1 },
  };
  const [log, csv, operators] = good.texts as [Harmless['texts'][0], Harmless['texts'][0], Harmless['texts'][0]];

  it('passes when the texts came everywhere and had no effect', () => {
    expect(harmlessProof.judge(good).result).toBe('pass');
  });

  it.each<[string, Harmless]>([
    ['a control character in a log', { ...good, texts: [log, csv, { ...operators, obeyed: 0x1b }] }],
    ['a line that was split', { ...good, texts: [{ ...log, badLines: 1 }, csv, operators] }],
    ['a formula in a cell', { ...good, texts: [log, { ...csv, badLines: 1 }, operators] }],
    ['a broken frame', { ...good, collector: { ...good.collector, faults: 1 } }],
    ['a forged message', { ...good, collector: { ...good.collector, forged: 1 } }],
    ['texts that never got into the log', { ...good, texts: [{ ...log, marks: 0 }, csv, operators] }],
    ['texts that never got into a table', { ...good, texts: [log, { ...csv, marks: 0 }, operators] }],
    ['texts that never got to the collector', { ...good, collector: { ...good.collector, marks: 0 } }],
    ['a search that finds nothing', { ...good, control: { obeyed: 0, formulas: 0 } }],
  ])('fails on %s', (_, seen) => {
    expect(harmlessProof.judge(seen).result).toBe('fail');
  });
});
