import { describe, expect, it } from 'vitest';
import { BAD, BAD_NAMES } from '#evidence/tls/cases.ts';
import { type ConstantTimeObservations, judgeConstantTime, REVIEWED } from '#evidence/tls/constant-time.ts';
import { type CryptographyObservations, judgeCryptography, MUST_RUN } from '#evidence/tls/cryptography.ts';
import { type FirstStartObservations, judgeFirstStart } from '#evidence/tls/first-start.ts';
import { type HeaderObservations, IDENTITY_HEADERS, judgeHeaders } from '#evidence/tls/identity-headers.ts';
import { EXPECTED, judgeTries, type Try } from '#evidence/tls/listener-certificates.ts';
import { LISTENERS } from '#evidence/tls/listeners.ts';
import { judgeOwn, type OwnObservations, SPOILT } from '#evidence/tls/own-certificates.ts';
import { judgeRoutes, type RouteObservations, STATES } from '#evidence/tls/routes.ts';
import { judgeScans, type Scanned } from '#evidence/tls/scan.ts';
import type { Scan } from '#evidence/tls/scan-result.ts';
import { DIALLERS, type Dial, type Dialler, judgeDials, reasonOf, SHOWN } from '#evidence/tls/server-certificates.ts';

describe('the judge of certificates at the listeners', () => {
  const answers = Object.entries(EXPECTED);
  const good: Try[] = LISTENERS.filter(({ asks }) => asks !== null).flatMap(({ name, accepted }) =>
    answers.map(([shown, reason]) => ({
      ...{ listener: name, shown, reason, detail: null },
      status: reason === null ? accepted : 403,
      code: reason === null ? null : reason === 'CERTIFICATE_MISSING' ? 'CERTIFICATE_REQUIRED' : 'CERTIFICATE_REFUSED',
    })),
  );
  const but = (shown: string, change: Partial<Try>) =>
    good.map((one) => (one.listener === 'agents' && one.shown === shown ? { ...one, ...change } : one));

  it('passes where each is refused with its reason, and the good one let in', () => {
    expect(judgeTries(good).result).toBe('pass');
  });

  it.each(BAD_NAMES)('fails where one listener lets in a certificate that is %s', (name) => {
    expect(judgeTries(but(name, { status: 101, code: null, reason: null })).result).toBe('fail');
  });

  it.each<[string, Try[]]>([
    ['nothing was tried', []],
    ['one was not tried', good.filter(({ shown, listener }) => shown !== 'sha1' || listener !== 'agents')],
    ['one listener was left out', good.filter(({ listener }) => listener !== 'administration')],
    ['who shows nothing is let in', but('none', { status: 101, reason: null })],
    ['a refusal is not audited', but('revoked', { reason: null })],
    ['it is refused for another reason', but('revoked', { reason: 'CERTIFICATE_EXPIRED' })],
    ['a stale list lets everybody in', but('stale', { status: 101, code: null, reason: null })],
    ['a missing list lets everybody in', but('missing', { status: 101, code: null, reason: null })],
    ['the good one is refused as well', but('good', { status: 403, code: 'CERTIFICATE_REFUSED' })],
    ['nobody comes back after the list does', but('good after missing', { status: 403 })],
    ['a listener says more than the code', but('expired', { code: 'CERTIFICATE_EXPIRED' })],
  ])('fails where %s', (_, tries) => {
    expect(judgeTries(tries).result).toBe('fail');
  });
});

describe('the judge of certificates at the dialling ends', () => {
  const good: Dial[] = (Object.keys(DIALLERS) as Dialler[]).flatMap((dialler) => [
    ...[...SHOWN, 'stale', 'missing'].map((shown) => ({
      ...{ dialler, shown, secured: true, bytes: 0, reasons: [reasonOf(shown)] },
    })),
    { dialler, shown: 'good', secured: true, bytes: 200, reasons: [] },
  ]);
  const but = (shown: string, change: Partial<Dial>) =>
    good.map((one) => (one.dialler === 'gateway' && one.shown === shown ? { ...one, ...change } : one));

  it('passes where nothing is said to any but the good one', () => {
    expect(judgeDials(good).result).toBe('pass');
  });

  it.each([...SHOWN, 'stale', 'missing'])('fails where one dialler speaks to a server with: %s', (shown) => {
    expect(judgeDials(but(shown, { bytes: 1 })).result).toBe('fail');
    expect(judgeDials(good.filter((one) => one.shown !== shown)).result).toBe('fail');
  });

  it.each([
    ['the reason is another', but('expired', { reasons: ['CERTIFICATE_UNTRUSTED'] })],
    ['no reason is given', but('expired', { reasons: [] })],
    ['the good server is refused as well', but('good', { bytes: 0 })],
    ['the good server was not tried', good.filter(({ shown }) => shown !== 'good')],
    ['one dialler was left out', good.filter(({ dialler }) => dialler !== 'client')],
  ])('fails where %s', (_, dials) => {
    expect(judgeDials(dials).result).toBe('fail');
  });

  it('knows a reason for each', () => {
    expect(SHOWN.filter((name) => name in BAD).map(reasonOf)).not.toContain(undefined);
  });
});

describe('the judge of own certificates', () => {
  const good: OwnObservations = {
    starts: [
      ...Object.entries(SPOILT).flatMap(([place, hows]) =>
        hows.map((how) => ({ what: `${place}: ${how}`, exit: 1, lines: ['gateway: /x/cert.pem: not a certificate'] })),
      ),
      { what: 'good gateway', exit: null, lines: [] },
      { what: 'good broker', exit: null, lines: [] },
    ],
    issuing: [
      { what: 'good', exit: 0, lines: [], issued: true },
      { what: 'rsa2048', exit: 1, lines: ['too weak'], issued: false },
      { what: 'sha1', exit: 1, lines: ['not SHA-256'], issued: false },
    ],
  };
  const start = (what: string, change: object) => ({
    ...good,
    starts: good.starts.map((one) => (one.what === what ? { ...one, ...change } : one)),
  });
  const issuing = (what: string, change: object) => ({
    ...good,
    issuing: good.issuing.map((one) => (one.what === what ? { ...one, ...change } : one)),
  });

  it('passes where nothing starts with them and nothing weak is certified', () => {
    expect(judgeOwn(good).result).toBe('pass');
  });

  it.each<[string, OwnObservations]>([
    ['a listener starts with another kind’s certificate', start('enrolment: otherKind', { exit: null })],
    ['the reason is a stack', start('users: rsa2048', { lines: ['TypeError', 'at x', 'at y'] })],
    ['the line names no file', start('users: rsa2048', { lines: ['something failed'] })],
    ['one was not tried', { ...good, starts: good.starts.filter(({ what }) => what !== 'agents: noList') }],
    ['the good files do not start either', start('good gateway', { exit: 1 })],
    ['a key of 2048 bits is certified', issuing('rsa2048', { exit: 0, issued: true })],
    ['a certificate is left behind', issuing('sha1', { issued: true })],
    ['a good request is refused', issuing('good', { exit: 1, issued: false })],
  ])('fails where %s', (_, seen) => {
    expect(judgeOwn(seen).result).toBe('fail');
  });
});

describe('the judge of the scans', () => {
  const strong: Scan = {
    versions: ['TLSv1.3'],
    suites: ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384'],
    groups: ['P-256', 'X25519'],
    weaknesses: [],
  };
  const old: Scan = {
    ...{ versions: ['TLSv1.0', 'TLSv1.1', 'TLSv1.2'], suites: ['AES128-SHA'] },
    ...{ groups: [], weaknesses: ['renegotiation'] },
  };
  const loose: Scan = {
    ...{ versions: ['TLSv1.3'], suites: ['TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256'] },
    ...{ groups: ['P-521', 'X25519'], weaknesses: [] },
  };
  const good: Scanned[] = [
    ...LISTENERS.map(({ name, asks }) => ({
      ...{ listener: name, sslscan: strong, asksForCertificate: asks !== null },
      own: { ...strong, groups: [...strong.groups, 'X25519MLKEM768'] },
    })),
    { listener: 'old', sslscan: old, own: { ...old, weaknesses: [] }, asksForCertificate: false },
    { listener: 'loose', sslscan: loose, own: loose, asksForCertificate: false },
  ];
  const but = (listener: string, change: (one: Scanned) => Partial<Scanned>) =>
    good.map((one) => (one.listener === listener ? { ...one, ...change(one) } : one));
  const both = (listener: string, change: (scan: Scan) => Partial<Scan>) =>
    but(listener, ({ sslscan, own }) => ({
      sslscan: { ...sslscan, ...change(sslscan) },
      own: { ...own, ...change(own) },
    }));

  it('passes where both scanners find what is allowed, and the weak ones', () => {
    expect(judgeScans(good).result).toBe('pass');
  });

  it.each<[string, Scanned[]]>([
    ['TLS 1.2 is taken', both('users', ({ versions }) => ({ versions: [...versions, 'TLSv1.2'] }))],
    ['ChaCha20 is taken', both('agents', ({ suites }) => ({ suites: [...suites, 'TLS_CHACHA20_POLY1305_SHA256'] }))],
    ['P-521 is taken', both('gateways', ({ groups }) => ({ groups: [...groups, 'P-521'] }))],
    ['only the scanner finds it', but('users', ({ sslscan }) => ({ sslscan: { ...sslscan, versions: ['TLSv1.2'] } }))],
    ['the two differ about suites', but('users', ({ own }) => ({ own: { ...own, suites: own.suites.slice(1) } }))],
    ['nothing was found at all', both('users', () => ({ versions: [], suites: [], groups: [] }))],
    ['the hybrid group is missing', but('users', ({ own }) => ({ own: { ...own, groups: strong.groups } }))],
    [
      'renegotiation is offered',
      but('users', ({ sslscan }) => ({ sslscan: { ...sslscan, weaknesses: ['renegotiation'] } })),
    ],
    ['a listener was not scanned', good.filter(({ listener }) => listener !== 'enrolment')],
    ['a listener asks for no certificate', but('users', () => ({ asksForCertificate: false }))],
    ['the enrolment listener asks for one', but('enrolment', () => ({ asksForCertificate: true }))],
    ['the old control was not found weak', but('old', () => ({ sslscan: strong }))],
    ['the loose control was not found weak', but('loose', () => ({ own: strong }))],
    ['there was no control', good.filter(({ listener }) => listener !== 'old')],
  ])('fails where %s', (_, scans) => {
    expect(judgeScans(scans).result).toBe('fail');
  });
});

describe('the judge of the routes', () => {
  const table = Array.from({ length: 12 }, (_, i) => ({
    route: i === 0 ? 'GET /healthz' : `GET /r${i}`,
    needs: i === 0 ? ('certificate' as const) : ('session' as const),
  }));
  const answerTo = (state: string, needs: string) => {
    if (state === 'cookie alone') return { status: 403, code: 'CERTIFICATE_REQUIRED' };
    if (state === 'revoked' || state === 'other kind') return { status: 403, code: 'CERTIFICATE_REFUSED' };
    return needs === 'certificate' ? { status: 200, code: null } : { status: 401, code: 'SESSION_REQUIRED' };
  };
  const good: RouteObservations = {
    tries: (['users', 'administration'] as const).flatMap((listener) =>
      table.flatMap(({ route, needs }) =>
        STATES.map((state) => ({ listener, route, needs, state, ...answerTo(state, needs) })),
      ),
    ),
    tables: { users: table.map(({ route }) => route), administration: table.map(({ route }) => route) },
    controls: ['before', 'after'].flatMap((when) => [
      { what: `users: session ${when}`, status: 200 },
      { what: `users: relay ${when}`, status: 101 },
      { what: `administration: session ${when}`, status: 200 },
    ]),
    unlisted: [{ path: '/admin', status: 404 }],
    atEnrolment: [{ path: '/r1', status: 404 }],
  };
  const tried = (state: string, route: string, status: number) => ({
    ...good,
    tries: good.tries.map((one) => (one.state === state && one.route === route ? { ...one, status, code: null } : one)),
  });

  it('passes where none opens', () => {
    expect(judgeRoutes(good).result).toBe('pass');
  });

  it.each<[string, RouteObservations]>([
    ...STATES.map((state): [string, RouteObservations] => [
      `one opens in state "${state}"`,
      tried(state, 'GET /r5', 200),
    ]),
    ['even a route of the sign-in opens without a certificate', tried('cookie alone', 'GET /healthz', 200)],
    ['a route was not tried', { ...good, tries: good.tries.filter(({ route }) => route !== 'GET /r7') }],
    [
      'a route of the desktops needs a certificate only',
      {
        ...good,
        tries: good.tries.map((one) => (one.route === 'GET /r5' ? { ...one, needs: 'certificate' as const } : one)),
      },
    ],
    ['the tables are empty', { ...good, tables: { users: [], administration: [] } }],
    ['the cookie was worth nothing', { ...good, controls: good.controls.map((one) => ({ ...one, status: 401 })) }],
    ['the controls were not tried', { ...good, controls: [] }],
    ['there is a path outside the tables', { ...good, unlisted: [{ path: '/admin', status: 200 }] }],
    ['the enrolment listener has a route of the users', { ...good, atEnrolment: [{ path: '/r1', status: 200 }] }],
    ['no other path was tried', { ...good, unlisted: [] }],
  ])('fails where %s', (_, seen) => {
    expect(judgeRoutes(seen).result).toBe('fail');
  });
});

describe('the judge of identity headers', () => {
  const good: HeaderObservations = {
    tries: IDENTITY_HEADERS.map((header) => ({ header, withoutCertificate: 403, takenFor: 'another', noted: true })),
    ...{ honestNoted: false, valueNoted: false },
  };
  const first = (change: object) => ({
    ...good,
    tries: good.tries.map((one, i) => (i === 0 ? { ...one, ...change } : one)),
  });

  it('passes where they change nothing and their names are noted', () => {
    expect(judgeHeaders(good).result).toBe('pass');
  });

  it.each<[string, HeaderObservations]>([
    ['one lets in without a certificate', first({ withoutCertificate: 200 })],
    ['one makes somebody else', first({ takenFor: 'probe' })],
    ['one is not noted', first({ noted: false })],
    ['one was not tried', { ...good, tries: good.tries.slice(1) }],
    ['anything is noted', { ...good, honestNoted: true }],
    ['a value is noted', { ...good, valueNoted: true }],
  ])('fails where %s', (_, seen) => {
    expect(judgeHeaders(seen).result).toBe('fail');
  });
});

describe('the judge of the inventory', () => {
  const good: CryptographyObservations = {
    ...{ files: 48, calls: 120, unlisted: [], gone: [], missed: [], documentIsCurrent: true, unaccounted: [] },
    ...{ session: { signedIn: 'another', desktop: 'x' }, recorded: MUST_RUN },
  };

  it('passes where sources, processes and document agree', () => {
    expect(judgeCryptography(good).result).toBe('pass');
  });

  it.each<[string, CryptographyObservations]>([
    ['a call is in no row', { ...good, unlisted: ['agent/x.ts: createHash(md5)'] }],
    ['a row is about nothing', { ...good, gone: ['agent/x.ts: createHash(sha256)'] }],
    ['the scan is blind', { ...good, missed: ['createHash(md5)'] }],
    ['the scan read nothing', { ...good, files: 0 }],
    ['the document is old', { ...good, documentIsCurrent: false }],
    ['something else ran', { ...good, unaccounted: ['createCipheriv(rc4)'] }],
    ['nothing was recorded', { ...good, recorded: [] }],
  ])('fails where %s', (_, seen) => {
    expect(judgeCryptography(seen).result).toBe('fail');
  });
});

describe('the judge of comparisons', () => {
  const good: ConstantTimeObservations = {
    ...{ files: 300, comparisons: Object.keys(REVIEWED), guesses: ['gateway/main.ts'], missed: [] },
    timingSafe: ['gateway/sign-in/sessions.ts'],
  };

  it('passes where each is reviewed', () => {
    expect(judgeConstantTime(good).result).toBe('pass');
  });

  it.each<[string, ConstantTimeObservations]>([
    ['one is not reviewed', { ...good, comparisons: [...good.comparisons, 'x.ts: cookie === secret'] }],
    [
      'a secret is compared beside the log',
      { ...good, comparisons: [...good.comparisons, 'platform/audit/x.ts: a === token'] },
    ],
    ['a reviewed one is gone', { ...good, comparisons: good.comparisons.slice(1) }],
    ['Math.random stands elsewhere', { ...good, guesses: ['gateway/sign-in/cookie.ts'] }],
    ['the scan is blind', { ...good, missed: ['if (cookie === entry.secret) return entry;'] }],
    ['nothing was read', { ...good, files: 0 }],
    ['nothing is compared in constant time', { ...good, timingSafe: [] }],
  ])('fails where %s', (_, seen) => {
    expect(judgeConstantTime(seen).result).toBe('fail');
  });
});

describe('the judge of a first start', () => {
  const files = ['gateway/grant-key.pem', 'gateway/factor.key', 'agent/agent-key.pem', 'certs/user/ca.key.pem'];
  const keys = (seed: string) => files.map((file) => ({ file, mode: '600', sha256: `${seed}${file}` }));
  const good: FirstStartObservations = {
    ...{ starts: [keys('a'), keys('b')], accounts: { users: 0, administrators: 0, pairings: 0 }, strangerSignsIn: 401 },
    ...{ searched: { repository: 900, pages: 20 }, found: [], missed: [] },
  };

  it('passes where keys differ and nothing is found', () => {
    expect(judgeFirstStart(good).result).toBe('pass');
  });

  it.each<[string, FirstStartObservations]>([
    ['two starts share a key', { ...good, starts: [keys('a'), keys('a')] }],
    ['a key was not made', { ...good, starts: [keys('a'), keys('b').slice(1)] }],
    ['others may read a key', { ...good, starts: [keys('a'), keys('b').map((key) => ({ ...key, mode: '644' }))] }],
    ['there was one start only', { ...good, starts: [keys('a')] }],
    ['an account is there from the start', { ...good, accounts: { ...good.accounts, administrators: 1 } }],
    ['a stranger signs in', { ...good, strangerSignsIn: 200 }],
    ['a key is in the repository', { ...good, found: [{ file: 'deploy/x.pem', what: 'a private key (PEM)' }] }],
    ['the search is blind', { ...good, missed: ['key.json'] }],
    ['next to nothing was searched', { ...good, searched: { repository: 3, pages: 0 } }],
  ])('fails where %s', (_, seen) => {
    expect(judgeFirstStart(seen).result).toBe('fail');
  });
});
