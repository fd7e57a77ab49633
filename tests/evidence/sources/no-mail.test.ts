import { describe, expect, it } from 'vitest';
import { judgeNoMail, type NoMail } from '#evidence/sources/no-mail.ts';

const GOOD: NoMail = {
  factors: ['totp', 'webauthn'],
  packages: { looked: 90, found: [] },
  sources: { looked: 400, found: [] },
  control: { source: true, package: true },
};

describe('the judge of codes by mail', () => {
  it('passes where nothing can send', () => {
    expect(judgeNoMail(GOOD).result).toBe('pass');
  });

  it.each<[string, Partial<NoMail>]>([
    ['there is a factor by mail', { factors: ['totp', 'email'] }],
    ['a package sends', { packages: { looked: 90, found: ['nodemailer'] } }],
    ['a source sends', { sources: { looked: 400, found: ['gateway/mail.ts'] } }],
    ['nothing was looked at', { sources: { looked: 0, found: [] } }],
    ['the search finds nothing anywhere', { control: { source: false, package: true } }],
  ])('fails where %s', (_, over) => {
    expect(judgeNoMail({ ...GOOD, ...over }).result).toBe('fail');
  });
});
