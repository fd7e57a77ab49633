import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { secretComparisonsIn } from '#evidence/tls/comparisons.ts';
import { PLANTED as COMPARISONS, REVIEWED, reviewOf } from '#evidence/tls/constant-time.ts';
import { PLANTED as PRIMITIVES } from '#evidence/tls/cryptography.ts';
import { searchForPlanted } from '#evidence/tls/first-start.ts';
import { primitivesIn, productFiles } from '#evidence/tls/primitives.ts';
import { disagreements } from '#evidence/tls/scan.ts';
import { faultsOf, type Scan } from '#evidence/tls/scan-result.ts';
import { readSslscan, XML_MAX_BYTES } from '#evidence/tls/sslscan.ts';
import { ROOT } from '#lab/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'telework-scans-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const report = (rows: string) => `<?xml version="1.0" encoding="UTF-8"?>
<document title="SSLScan Results" version="2.0.7" web="http://github.com/rbsec/sslscan">
 <ssltest host="127.0.0.1" sniname="localhost" port="443">
${rows}
 </ssltest>
</document>
`;
const STRONG = report(`  <protocol type="ssl" version="3" enabled="0" />
  <protocol type="tls" version="1.2" enabled="0" />
  <protocol type="tls" version="1.3" enabled="1" />
  <renegotiation supported="0" secure="0" />
  <heartbleed sslversion="TLSv1.3" vulnerable="0" />
  <cipher status="preferred" sslversion="TLSv1.3" bits="256" cipher="TLS_AES_256_GCM_SHA384" id="0x1302" strength="acceptable" curve="25519" ecdhebits="253" />
  <group sslversion="TLSv1.3" bits="128" name="secp256r1 (NIST P-256)" id="0x0017" />
  <group sslversion="TLSv1.3" bits="128" name="x25519" id="0x001d" />`);

describe('what sslscan says', () => {
  it('is read as versions, suites, groups and weaknesses', () => {
    expect(readSslscan(STRONG)).toEqual({
      versions: ['TLSv1.3'],
      suites: ['TLS_AES_256_GCM_SHA384'],
      groups: ['P-256', 'X25519'],
      weaknesses: [],
    });
  });

  it('shows what is weak', () => {
    const weak = readSslscan(
      report(`  <protocol type="ssl" version="3" enabled="1" />
  <renegotiation supported="1" secure="0" />
  <compression supported="1" />
  <heartbleed sslversion="TLSv1.0" vulnerable="1" />
  <cipher status="accepted" sslversion="TLSv1.0" bits="112" cipher="DES-CBC3-SHA" id="0x000A" strength="medium" />`),
    );
    expect(weak).toEqual({
      ...{ versions: ['SSLv3'], suites: ['DES-CBC3-SHA'], groups: [] },
      weaknesses: ['compression', 'heartbleed', 'insecure renegotiation'],
    });
    expect(faultsOf(weak)).toEqual(expect.arrayContaining(['SSLv3', 'DES-CBC3-SHA', 'compression', 'heartbleed']));
  });

  it.each([
    ['nothing', ''],
    ['a report that was cut off', STRONG.slice(0, -20)],
    ['a report of two targets', report('').replace('</ssltest>', '</ssltest><ssltest host="x">')],
    ['a report without a target', '<document></document>\n'],
    ['more than is believable', report('x'.repeat(XML_MAX_BYTES))],
    ['too many rows', report('<protocol type="tls" version="1.3" enabled="1" />\n'.repeat(1_001))],
  ])('is not believed if it is %s', (_, xml) => {
    expect(() => readSslscan(xml)).toThrow(/sslscan/);
  });

  it('never hangs and never says what it does not find, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2_000 }), (text) => {
        const wild = report(text.replace(/<ssltest /g, ''));
        expect(readSslscan(wild).versions.every((version) => wild.includes(version.replace(/^(?:SSL|TLS)v/, '')))).toBe(
          true,
        );
      }),
    );
  });
});

describe('two scans', () => {
  const theirs: Scan = { versions: ['TLSv1.3'], suites: ['A'], groups: ['P-256'], weaknesses: [] };

  it('agree where one alone knows the hybrid groups', () => {
    expect(disagreements({ sslscan: theirs, own: { ...theirs, groups: ['P-256', 'X25519MLKEM768'] } })).toEqual([]);
  });

  it.each<[string, Partial<Scan>]>([
    ['versions', { versions: ['TLSv1.2'] }],
    ['suites', { suites: [] }],
    ['groups', { groups: ['P-521'] }],
  ])('differ about %s', (what, change) => {
    const [difference = ''] = disagreements({ sslscan: theirs, own: { ...theirs, ...change } });
    expect(difference).toContain(what);
  });
});

describe('the scans of sources find what is planted', () => {
  it.each(Object.entries(PRIMITIVES))('%s', (call, text) => {
    expect(primitivesIn(text)).toContain(call);
  });

  it.each(COMPARISONS)('%s', (text) => {
    expect(secretComparisonsIn(text)).not.toEqual([]);
  });

  it('and keys of every sort', () => {
    expect(searchForPlanted(folder)).toEqual([]);
  });
});

it('every comparison of the sources has been looked at, and is still there', () => {
  const found = productFiles(ROOT).flatMap((path) =>
    secretComparisonsIn(readFileSync(join(ROOT, path), 'utf8')).map((one) => `${path}: ${one}`),
  );
  expect(found.filter((one) => reviewOf(one) === null)).toEqual([]);
  expect(Object.keys(REVIEWED).filter((one) => !found.includes(one))).toEqual([]);
});

describe('the scans of sources leave alone', () => {
  it.each([
    ['types alone', "import type { KeyObject } from 'node:crypto'; export type K = KeyObject;"],
    ['a name in a type', "import { X509Certificate } from './own.ts'; const f = (c: X509Certificate) => c;"],
    ['a method of the same name', 'store.sign(1); list.hash; parts.verify({});'],
  ])('%s', (_, text) => {
    expect(primitivesIn(text)).toEqual([]);
  });

  it.each([
    'if (kept.hash === null) throw 1;',
    'const n = token.length === 43;',
    'const b = typeof secret === "string";',
  ])('%s', (text) => {
    expect(secretComparisonsIn(text)).toEqual([]);
  });
});
