import { describe, expect, it } from 'vitest';
import { type Grammar, judgeGrammar, type Spoken } from '#evidence/secrecy/grammar.ts';

const byAgent = (nth: number): Spoken => ({
  ...{ what: `message ${nth}`, by: 'agent', code: 'PROTOCOL_ERROR', authentic: true },
  ...{ audited: 'MESSAGE_UNKNOWN', arrived: 0 },
});
const byGateway = (nth: number): Spoken => ({
  ...byAgent(nth),
  by: 'gateway',
  authentic: false,
  audited: 'RECORD_SIZE',
});
const GOOD: Grammar = {
  inputTypes: [4, 5, 255],
  controlTypes: [3, 240, 251],
  spoken: [...Array.from({ length: 11 }, (_, i) => byAgent(i)), ...[11, 12, 13].map(byGateway)],
  allowed: { typed: 2, arrived: 2 },
};
const first = (change: Partial<Spoken>): Grammar => ({
  ...GOOD,
  spoken: GOOD.spoken.map((one, i) => (i === 0 ? { ...one, ...change } : one)),
});

describe('the closed grammar is judged', () => {
  it('passed when nothing forbidden is understood', () => {
    expect(judgeGrammar(GOOD).result).toBe('pass');
  });

  it.each<[string, Grammar]>([
    ['a decoder knows the clipboard', { ...GOOD, inputTypes: [4, 5, 6, 255] }],
    ['a decoder knows another control message', { ...GOOD, controlTypes: [3, 6, 240, 251] }],
    ['the session goes on after a forbidden message', first({ code: null, authentic: null })],
    ['it ended for another reason', first({ code: 'CONNECTION_LOST' })],
    ['only a relay ended it', first({ authentic: false })],
    ['nothing was audited', first({ audited: null })],
    ['it was taken for something else', first({ audited: 'LANE_RATE' })],
    ['a key after it reached the desktop', first({ arrived: 1 })],
    ['not everything was tried', { ...GOOD, spoken: GOOD.spoken.slice(1) }],
    ['not even an allowed key arrives', { ...GOOD, allowed: { typed: 2, arrived: 0 } }],
  ])('failed when %s', (_, seen) => {
    expect(judgeGrammar(seen).result).toBe('fail');
  });
});
