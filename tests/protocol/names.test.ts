import { describe, expect, it } from 'vitest';
import { agentOfDesktop, DESKTOP, identityUri, NAME, parseIdentityUri, SESSION } from '#protocol/names.ts';

describe('names', () => {
  it.each(['tanaka', 'a', '0.x_y-z', 'a'.repeat(32)])('takes %s', (name) => expect(NAME.test(name)).toBe(true));

  it.each(['', 'Tanaka', '-a', '.', 'a/b', 'a b', 'a\n', '田中', 'a'.repeat(33), '../a'])('refuses %j', (name) =>
    expect(NAME.test(name)).toBe(false),
  );

  it('takes a desktop apart', () => {
    expect(agentOfDesktop('131016/office/desk-1')).toEqual({ municipality: '131016', agent: 'office', name: 'desk-1' });
  });

  it.each(['131016/office', '131016/office/desk/1', '13101/office/desk', '131016//desk', '131016/office/desk\n', ''])(
    'refuses the desktop %j',
    (desktop) => {
      expect(DESKTOP.test(desktop)).toBe(false);
      expect(() => agentOfDesktop(desktop)).toThrow('MALFORMED');
    },
  );

  it.each(['0'.repeat(31), '0'.repeat(33), 'A'.repeat(32), ''])('refuses the session %j', (session) =>
    expect(SESSION.test(session)).toBe(false),
  );
});

describe('the identity in a certificate', () => {
  it.each([
    { kind: 'user', municipality: '131016', name: 'tanaka' },
    { kind: 'hop', municipality: '-', name: 'gateway' },
  ] as const)('comes back from its URI: $kind', (identity) => {
    expect(parseIdentityUri(identityUri(identity))).toEqual(identity);
  });

  it.each([
    'urn:telework:user:131016:tanaka:x',
    'urn:telework:root:131016:tanaka',
    'urn:telework:user:13101:tanaka',
    'URN:telework:user:131016:tanaka',
    'xurn:telework:user:131016:tanaka',
    'urn:telework:user:131016:tanaka\n',
    'https://example.test/',
    '',
  ])('is not read from %j', (uri) => expect(parseIdentityUri(uri)).toBe(null));
});
