import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { EnrolmentCodes } from '#gateway/enrolment/codes.ts';
import { Nonces } from '#gateway/enrolment/nonces.ts';
import { Rates } from '#gateway/enrolment/rates.ts';
import { EnrolmentRequests } from '#gateway/enrolment/requests.ts';
import { networkOf } from '#platform/hop/network.ts';
import { parseRequestNumber, REQUEST_NUMBER, requestNumber } from '#protocol/enrolment.ts';
import { ENROLMENT_CODE_LIFE_MS, ENROLMENT_NONCE_LIFE_MS, ENROLMENT_REQUEST_LIFE_MS } from '#protocol/limits.ts';
import { type Clock, clockAt, openTestStore, type TestStore } from '#tests/support/clock-and-store.ts';
import { reasonOf } from '#tests/support/reason-of.ts';

const TANAKA = { municipality: '131016', user: 'tanaka' };
const SUZUKI = { municipality: '131016', user: 'suzuki' };
const NUMBER = 'AAAA-BBBB-CCCC-DDDD';
const ASKED = { ...TANAKA, name: '田中太郎', csr: 'PEM' };

let clock: Clock;
let at: TestStore;
beforeEach(() => {
  clock = clockAt();
  at = openTestStore(clock);
});

describe('an enrolment code', () => {
  it('is good once, for whom it was issued, however it is typed', async () => {
    const codes = new EnrolmentCodes(at.store, clock.now);
    const { code, expiresAt } = await codes.issue(TANAKA);
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$/);
    expect(expiresAt - clock.now()).toBe(ENROLMENT_CODE_LIFE_MS);
    expect(await codes.spend(code.toLowerCase().replaceAll('-', ' '))).toEqual(TANAKA);
    expect(await reasonOf(codes.spend(code))).toBe('ENROLMENT_CODE_SPENT');
  });

  it('is spent by one of many who come at once', async () => {
    const codes = new EnrolmentCodes(at.store, clock.now);
    const { code } = await codes.issue(TANAKA);
    const tries = await Promise.all(Array.from({ length: 8 }, () => reasonOf(codes.spend(code))));
    expect(tries.filter((reason) => reason === null)).toHaveLength(1);
    expect(tries.filter((reason) => reason === 'ENROLMENT_CODE_SPENT')).toHaveLength(7);
  });

  it('ends to the millisecond, and a day later nobody knows it any more', async () => {
    const codes = new EnrolmentCodes(at.store, clock.now);
    const { code } = await codes.issue(TANAKA);
    clock.pass(ENROLMENT_CODE_LIFE_MS - 1);
    expect(await reasonOf(codes.spend('0000-0000-0000-0000'))).toBe('ENROLMENT_CODE_WRONG');
    clock.pass(1);
    expect(await reasonOf(codes.spend(code))).toBe('ENROLMENT_CODE_EXPIRED');
    clock.pass(86_400_000);
    expect(await reasonOf(codes.spend(code))).toBe('ENROLMENT_CODE_WRONG');
  });

  it('makes the one before worthless, and no other user’s', async () => {
    const codes = new EnrolmentCodes(at.store, clock.now);
    const first = await codes.issue(TANAKA);
    const other = await codes.issue(SUZUKI);
    const second = await codes.issue(TANAKA);
    expect(await reasonOf(codes.spend(first.code))).toBe('ENROLMENT_CODE_SPENT');
    expect(await codes.spend(other.code)).toEqual(SUZUKI);
    expect(await codes.spend(second.code)).toEqual(TANAKA);
  });

  it('does not stand in the state', async () => {
    const { code } = await new EnrolmentCodes(at.store, clock.now).issue(TANAKA);
    const rows = JSON.stringify(await at.store.list('enrolment/'));
    expect(rows).toContain('tanaka');
    expect(rows.toUpperCase()).not.toContain(code.replaceAll('-', ''));
    expect(rows).not.toContain(code);
  });

  it('is never any text that somebody invents (T14)', async () => {
    const codes = new EnrolmentCodes(at.store, clock.now);
    await codes.issue(TANAKA);
    const texts = fc.oneof(fc.string({ maxLength: 64, unit: 'binary' }), fc.stringMatching(/^[0-9A-Z-]{16,19}$/));
    await fc.assert(
      fc.asyncProperty(texts, async (typed) => {
        expect(await reasonOf(codes.spend(typed))).toBe('ENROLMENT_CODE_WRONG');
      }),
      { numRuns: 50 },
    );
  });
});

describe('the queue', () => {
  it('keeps a request for seven days, answered or not', async () => {
    const requests = new EnrolmentRequests(at.store, clock.now);
    await requests.add(NUMBER, ASKED);
    clock.pass(ENROLMENT_REQUEST_LIFE_MS - 1);
    expect(await requests.certify(NUMBER, 'CERTIFICATE')).toBe(true);
    expect(await requests.find(NUMBER)).toMatchObject({ state: 'certified', certificate: 'CERTIFICATE', ...ASKED });
    clock.pass(1);
    expect(await requests.find(NUMBER)).toBeNull();
    expect(await requests.list()).toEqual([]);
  });

  it('answers once and for all, whoever is first', async () => {
    const requests = new EnrolmentRequests(at.store, clock.now);
    await requests.add(NUMBER, ASKED);
    const first = await Promise.all([
      requests.certify(NUMBER, 'A'),
      requests.decline(NUMBER),
      requests.certify(NUMBER, 'B'),
    ]);
    expect(first.filter(Boolean)).toHaveLength(1);
    expect(await requests.certify(NUMBER, 'C')).toBe(false);
    expect(await requests.decline(NUMBER)).toBe(false);
    expect((await requests.find(NUMBER))?.certificate).not.toBe('C');
    expect(await requests.decline('AAAA-BBBB-CCCC-DDDE')).toBe(false);
  });

  it('takes a key once: again for the same user it is the same request, for another it is refused', async () => {
    const requests = new EnrolmentRequests(at.store, clock.now);
    const first = await requests.add(NUMBER, ASKED);
    clock.pass(5_000);
    expect(await requests.add(NUMBER, ASKED)).toEqual(first);
    expect(await reasonOf(requests.add(NUMBER, { ...ASKED, ...SUZUKI }))).toBe('REQUEST_DUPLICATE');
    await requests.decline(NUMBER);
    expect(await reasonOf(requests.add(NUMBER, ASKED))).toBe('REQUEST_DUPLICATE');
  });
});

describe('a challenge', () => {
  it('is good once and for a minute, and only one of ours', () => {
    const nonces = new Nonces(clock.now);
    const nonce = nonces.make();
    const late = nonces.make();
    expect(nonces.spend(nonce)).toHaveLength(32);
    expect(nonces.spend(nonce)).toBeNull();
    clock.pass(ENROLMENT_NONCE_LIFE_MS);
    expect(nonces.spend(late)).toBeNull();
    for (const invented of ['', 'A'.repeat(43), '__proto__']) expect(nonces.spend(invented)).toBeNull();
  });
});

describe('the rates', () => {
  const admitted = (times: number, admit: () => void) => {
    let count = 0;
    for (let i = 0; i < times; i++) {
      try {
        admit();
        count++;
      } catch (error) {
        expect(error).toMatchObject({ reason: 'RATE_EXCEEDED' });
      }
    }
    return count;
  };

  it('let a page load for many behind one address, and few codes be tried', () => {
    const rates = new Rates(clock.now);
    expect(admitted(300, () => rates.admit('192.0.2.1', { isRead: true }))).toBe(200);
    expect(admitted(100, () => rates.admitCode('192.0.2.1'))).toBe(20);
    clock.pass(10_000);
    expect(admitted(100, () => rates.admitCode('192.0.2.1'))).toBe(2);
  });

  it('hold for all addresses together, however many an attacker has', () => {
    const rates = new Rates(clock.now);
    let address = 0;
    const next = () => `192.0.2.${address++}`;
    expect(admitted(200, () => rates.admit(next(), { isRead: false }))).toBe(100);
    expect(admitted(200, () => rates.admitCode(next()))).toBe(40);
    // One network of IPv6 is one address.
    const other = new Rates(clock.now);
    expect(admitted(100, () => other.admitCode(`2001:db8::${(address++).toString(16)}`))).toBe(20);
  });
});

describe('a request number', () => {
  it('comes back from however it is typed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (digest) => {
        const number = requestNumber(Uint8Array.from(digest));
        expect(number).toMatch(REQUEST_NUMBER);
        expect(parseRequestNumber(number.toLowerCase().replaceAll('-', ' '))).toBe(number);
      }),
    );
    for (const other of ['', 'AAAA', `${NUMBER}-AAAA`, 'UUUU-UUUU-UUUU-UUUU'])
      expect(parseRequestNumber(other)).toBeNull();
  });
});

describe('one address, when requests are counted', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['', ''],
  ])('%j is %s', (address, network) => expect(networkOf(address)).toBe(network));
});
