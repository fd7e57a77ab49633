import { describe, expect, it } from 'vitest';
import { anchorKeeper } from '#platform/audit/anchors.ts';
import type { Anchor } from '#platform/audit/chain.ts';

function keeper() {
  const kept: Anchor[] = [];
  const clock = { ms: 0 };
  const keep = anchorKeeper({ anchor: (anchor) => void kept.push(anchor) }, () => clock.ms);
  return { kept, clock, keep };
}
const anchor = (source: string, sequence: number): Anchor => ({ source, sequence, digest: 'a'.repeat(64) });

describe("another zone's anchors (T15)", () => {
  it('are kept with each heartbeat, and once more at the end', () => {
    const { kept, clock, keep } = keeper();
    for (let minute = 0; minute < 60; minute++, clock.ms += 60_000) keep(anchor('broker', minute), 'broker');
    clock.ms -= 59_000;
    expect(keep(anchor('broker', 60), 'broker')).toBe(true);
    expect(kept.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 61 }, (_, i) => i));
  });

  it("are refused for anybody else's log", () => {
    const { kept, keep } = keeper();
    expect(keep(anchor('gateway/gateway', 1), 'broker')).toBe(false);
    expect(kept).toEqual([]);
  });

  it('cannot fill the log (T13), and a flood of one peer costs another nothing', () => {
    const { kept, keep } = keeper();
    for (let i = 0; i < 500; i++) expect(keep(anchor('agent/131016/soumu', i), 'agent/131016/soumu')).toBe(true);
    expect(kept).toHaveLength(2);
    keep(anchor('agent/131016/zeimu', 1), 'agent/131016/zeimu');
    expect(kept).toHaveLength(3);
  });
});
