import { describe, expect, it } from 'vitest';
import { OPTIONS } from '#admin/command.ts';
import { commandOf, USAGE } from '#admin/commands.ts';
import { Failure } from '#platform/process/exit.ts';

const WHO = { municipality: '131016', user: 'tanaka' };
const POLICY = {
  ...{ secondFactors: ['webauthn'], password: true, hardwareBound: false },
  ...{ idleSeconds: 900, overallSeconds: 43_200 },
};
const call = (words: string, given: object) => commandOf(words.split(' ')).call(given);

function failureOf(work: () => unknown): { message: string; exitCode: number } {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('a command', () => {
  it('is found by its words; --help is made of the same table', () => {
    for (const words of ['status', 'user add', 'session end', 'policy set', 'administrator add']) {
      expect(USAGE).toContain(`\n  ${words.padEnd(24)}`);
      expect(commandOf(words.split(' '))).toBeDefined();
    }
    expect(failureOf(() => commandOf(['user', 'fly']))).toMatchObject({
      ...{ exitCode: 2, message: 'unknown command "user fly"; --help shows the usage' },
    });
    expect(failureOf(() => commandOf([])).message).toContain('which command?');
    expect(failureOf(() => commandOf(['__proto__'])).exitCode).toBe(2);
  });

  it('names every option that any of them takes', () => {
    for (const option of Object.keys(OPTIONS)) expect(USAGE).toContain(`--${option}`);
  });

  it('becomes one call of the gateway', () => {
    expect(call('user add', { ...WHO, name: '田中' })).toEqual({ name: 'user.add', body: { ...WHO, name: '田中' } });
    expect(call('user list', { expiring: true })).toEqual({ name: 'user.list', body: { expiring: true } });
  });

  it.for<[string, object, string]>([
    ['user add', WHO, '--name is missing'],
    ['user disable', { ...WHO, name: 'x' }, '--name does not belong'],
    ['user list', { user: 'x' }, '--user does not belong'],
    ['session end', {}, 'give --session ID'],
    ['session end', { all: true, session: 'x' }, 'give --session ID'],
    ['session end', { user: 'tanaka' }, 'give --session ID'],
    ['session end', { municipality: '131016' }, 'give --session ID'],
    ['policy set', { municipality: '131016' }, 'say what to set'],
    ['policy set', { municipality: '131016', password: 'maybe' }, '--password must be yes or no'],
    ['policy set', { municipality: '131016', 'idle-seconds': 'long' }, '--idle-seconds must be a whole number'],
    ['policy approve', { municipality: '131016' }, '--id is missing'],
  ])('%s with %o is refused before anything is asked: %s', ([words, given, message]) => {
    const failure = failureOf(() => call(words, given));
    expect([failure.exitCode, failure.message]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe('session end', () => {
  it('takes one session, everything of one user, or all', () => {
    expect(call('session end', { session: 'a' })).toEqual({ name: 'session.end', body: { session: 'a' } });
    expect(call('session end', { all: true })).toEqual({ name: 'session.end', body: { all: true } });
    expect(call('session end', WHO)).toEqual({ name: 'session.end-user', body: WHO });
  });
});

describe('policy set', () => {
  it('says what is meant in the form that the gateway takes', () => {
    const given = {
      municipality: '131016',
      'second-factors': 'webauthn,totp',
      'hardware-bound': 'no',
      password: 'yes',
    };
    expect(call('policy set', { ...given, 'idle-seconds': '600', 'overall-seconds': '3600' }).body).toEqual({
      ...{ municipality: '131016', secondFactors: ['webauthn', 'totp'], password: true, hardwareBound: false },
      ...{ idleSeconds: 600, overallSeconds: 3600 },
    });
  });

  it('says plainly when a change waits', () => {
    const waiting = { id: '0123456789abcdef', after: POLICY, by: 'local', at: 'now', expiresAt: 'later' };
    const say = commandOf(['policy', 'set']).say;
    expect(say({ municipality: '131016', policy: POLICY, waiting, held: true })).toContain('waits for another');
    expect(say({ municipality: '131016', policy: POLICY, waiting: null, held: false })).toContain('変更しました / set');
  });
});

describe('what a person reads', () => {
  it('warns of a certificate that is about to end', () => {
    const row = { ...WHO, name: '田中', enabled: true, totp: true, passkeys: 2, lastSignIn: null, desktops: [] };
    const say = (certificateWarning: number | null) =>
      commandOf(['user', 'list']).say({
        users: [{ ...row, certificateExpiresAt: '2026-12-01T00:00:00.000Z', certificateWarning }],
      });
    expect(say(null)).not.toContain('★');
    expect(say(7)).toContain('★残り7日以内/within 7 d');
    expect(say(0)).toContain('★期限切れ/EXPIRED');
  });

  it('is one line each, whatever somebody is called', () => {
    const row = {
      ...WHO,
      name: 'a\nb\u001b[31m',
      enabled: true,
      totp: true,
      passkeys: 2,
      lastSignIn: null,
      desktops: [],
    };
    const answer = { users: [{ ...row, certificateExpiresAt: null, certificateWarning: null }] };
    const said = commandOf(['user', 'list']).say(answer);
    for (const control of ['\n', '\u001b']) expect(said).not.toContain(control);
  });
});
