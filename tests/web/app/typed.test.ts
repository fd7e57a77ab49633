import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { typedCode } from '#web/app/typed.ts';

describe('a typed code', () => {
  it('may be full width, as with a Japanese input method, and have spaces', () => {
    expect(typedCode('１２３４５６')).toBe('123456');
    expect(typedCode(' 123 456\t')).toBe('123456');
    expect(typedCode('ＡＢＣＤ－ＥＦＧＨ　ＪＫＭＮ')).toBe('ABCD-EFGHJKMN');
  });

  it('stays what it is if it was right, and is the same when read again', () => {
    fc.assert(fc.property(fc.stringMatching(/^[A-Z0-9-]{0,40}$/), (code) => typedCode(code) === code));
    fc.assert(fc.property(fc.string(), (text) => typedCode(typedCode(text)) === typedCode(text)));
  });
});
