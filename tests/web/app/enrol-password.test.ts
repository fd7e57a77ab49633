import { describe, expect, it } from 'vitest';
import { judge } from '#web/app/enrol/password.ts';

describe('a password for the files of enrolment', () => {
  it.each([
    ['', 'short', false],
    ['Himitsu-123', 'short', false],
    ['Himitsu-1234', 'fair', true],
    ['Himitsu-12345678', 'strong', true],
    ['aaaaaaaaaaaaaaaa', 'simple', false],
    ['abababababababab', 'simple', false],
    ['ひみつのことばですよね', 'characters', false],
    ['Himitsu-1234\n', 'characters', false],
    ['aB3$'.repeat(33), 'characters', false],
  ])('such as %j is judged %s', (password, judgement, isGood) => {
    expect(judge(password)).toEqual({ judgement, isGood });
  });
});
