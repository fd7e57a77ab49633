import { describe, expect, it } from 'vitest';
import { type Hiding, hiddenSessionProof } from '#evidence/audit/hidden.ts';

const HIDDEN = 'a'.repeat(32);

function good(): Hiding {
  return {
    before: { sessions: 2, findings: [], code: 0 },
    after: {
      sessions: 3,
      findings: [{ kind: 'hidden', session: HIDDEN, in: ['broker', 'agent'], missing: ['gateway'] }],
      code: 1,
    },
    hidden: [HIDDEN],
    gatewayVerifies: true,
  };
}

const judged = (change: (seen: Hiding) => void) => {
  const seen = good();
  change(seen);
  return hiddenSessionProof.judge(seen);
};

describe('the proof that a hidden session is found (G3)', () => {
  it('passes when the comparison names it and nothing else', () => {
    expect(judged(() => {}).result).toBe('pass');
  });

  it.each<[string, (seen: Hiding) => void]>([
    ['no finding', ({ after }) => Object.assign(after, { findings: [], code: 0 })],
    ['a finding that the exit code does not tell', ({ after }) => Object.assign(after, { code: 0 })],
    ['another session', ({ after }) => Object.assign(after.findings[0] ?? {}, { session: 'b'.repeat(32) })],
    ['another zone', ({ after }) => Object.assign(after.findings[0] ?? {}, { missing: ['agent'] })],
    ['another kind of finding', ({ after }) => Object.assign(after.findings[0] ?? {}, { kind: 'undecided' })],
    ['a finding besides', ({ after }) => after.findings.push(...after.findings)],
    ['an alarm about honest sessions', ({ before, after }) => before.findings.push(...after.findings)],
    ['no honest session to compare', ({ before }) => Object.assign(before, { sessions: 0 })],
    ['no session that was hidden', (seen) => Object.assign(seen, { hidden: [] })],
    ["a gateway's log that gives itself away", (seen) => Object.assign(seen, { gatewayVerifies: false })],
  ])('fails for %s', (_, change) => {
    expect(judged(change).result).toBe('fail');
  });
});
