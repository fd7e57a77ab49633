import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import forge from 'node-forge';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Signer } from '#certs/certificate.ts';
import { makeCrl } from '#certs/crl.ts';
import { readSigner } from '#lab/odd-certificates.ts';
import { normalSerial, RevocationList } from '#platform/hop/revocation.ts';
import { Refusal } from '#protocol/codes.ts';
import { demoPki } from '#tests/support/pki.ts';

const NOW = 1_800_000_000_000;
const DAY_MS = 86_400_000;
const BACKDATE_MS = 300_000;

let signer: Signer;
let user: X509Certificate;
let agent: X509Certificate;
let otherSigner: Signer;

beforeAll(async () => {
  const { dir } = await demoPki();
  signer = readSigner(dir, 'user');
  otherSigner = readSigner(dir, 'agent');
  user = new X509Certificate(readFileSync(`${dir}/user/ca.cert.pem`));
  agent = new X509Certificate(readFileSync(`${dir}/agent/ca.cert.pem`));
}, 60_000);

const list = (serials: readonly string[] = [], now = NOW, by = signer) =>
  makeCrl(
    by,
    serials.map((serial) => ({ serial, at: now, reason: 'superseded' as const })),
    1,
    now,
  );

const reasonOf = (work: () => unknown) => {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof Refusal ? error.reason : String(error);
  }
};

/** Builds a list with an extra extension, signed by the authority itself. */
function withExtension(id: string, critical: boolean, inEntry = false): string {
  const { asn1 } = forge;
  const [tbs] = valuesOf(asn1.fromDer(forge.pem.decode(list(['4f01']))[0]?.body ?? ''));
  const parts = valuesOf(tbs);
  const make = (type: forge.asn1.Type, constructed: boolean, value: string | forge.asn1.Asn1[]) =>
    asn1.create(asn1.Class.UNIVERSAL, type, constructed, value);
  const extension = make(asn1.Type.SEQUENCE, true, [
    make(asn1.Type.OID, false, asn1.oidToDer(id).getBytes()),
    ...(critical ? [make(asn1.Type.BOOLEAN, false, '\xff')] : []),
    make(asn1.Type.OCTETSTRING, false, '\x05\x00'),
  ]);
  const [entry] = valuesOf(parts[5]);
  const target = inEntry ? valuesOf(entry)[2] : valuesOf(parts.at(-1))[0];
  valuesOf(target).push(extension);
  const der = asn1.toDer(tbs as forge.asn1.Asn1).getBytes();
  const signature = signer.key.sign(forge.md.sha256.create().update(der));
  const algorithm = make(asn1.Type.SEQUENCE, true, [
    make(asn1.Type.OID, false, asn1.oidToDer('1.2.840.113549.1.1.11').getBytes()),
    make(asn1.Type.NULL, false, ''),
  ]);
  const whole = make(asn1.Type.SEQUENCE, true, [
    tbs as forge.asn1.Asn1,
    algorithm,
    make(asn1.Type.BITSTRING, false, `\x00${signature}`),
  ]);
  return forge.pem.encode({ type: 'X509 CRL', body: asn1.toDer(whole).getBytes() });
}

function valuesOf(part: forge.asn1.Asn1 | undefined): forge.asn1.Asn1[] {
  return Array.isArray(part?.value) ? part.value : [];
}

describe('a revocation list', () => {
  it('knows its serials in any spelling', () => {
    const parsed = RevocationList.parse(list(['4f01', '00ab', '7fffffffffffffffffffffffffffffff']), [user]);
    for (const serial of ['4F01', '4f01', '004F01', '4f:01', 'AB', '00ab']) expect(parsed.isRevoked(serial)).toBe(true);
    for (const serial of ['4F02', '', '0', 'F01']) expect(parsed.isRevoked(serial)).toBe(false);
    expect(normalSerial('00:0a')).toBe('A');
    expect(normalSerial('00')).toBe('0');
  });

  it('is current from thisUpdate until just before nextUpdate', () => {
    const parsed = RevocationList.parse(list(), [user]);
    const at = (ms: number) => parsed.isCurrent(NOW + ms);
    expect([at(-BACKDATE_MS - 1), at(-BACKDATE_MS), at(0), at(7 * DAY_MS - 1), at(7 * DAY_MS)]).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
  });

  it('is the newest of one authority, and there must be one of each', () => {
    const both = list(['4f01'], NOW) + list(['4f02'], NOW + DAY_MS) + list(['4f03'], NOW, otherSigner);
    const parsed = RevocationList.parse(both, [user, agent]);
    expect(['4f01', '4f02', '4f03'].map((serial) => parsed.isRevoked(serial))).toEqual([false, true, true]);
    expect(parsed.nextUpdates).toEqual([NOW + 8 * DAY_MS, NOW + 7 * DAY_MS]);
    expect(reasonOf(() => RevocationList.parse(list(), [user, agent]))).toBe('REVOCATION_UNKNOWN');
    expect(reasonOf(() => RevocationList.parse(list(), []))).toBe('REVOCATION_UNKNOWN');
  });

  it("signed by another, or by the right name with another's key, is none", () => {
    expect(reasonOf(() => RevocationList.parse(list([], NOW, otherSigner), [user]))).toBe('REVOCATION_UNKNOWN');
    const forged = { certificate: signer.certificate, key: otherSigner.key };
    expect(reasonOf(() => RevocationList.parse(list([], NOW, forged), [user]))).toBe('REVOCATION_UNKNOWN');
  });

  it('with a critical extension that we do not know is none; with another it is', () => {
    const issuingDistributionPoint = '2.5.29.28';
    const deltaIndicator = '2.5.29.27';
    for (const id of [issuingDistributionPoint, deltaIndicator]) {
      expect(reasonOf(() => RevocationList.parse(withExtension(id, true), [user]))).toBe('REVOCATION_UNKNOWN');
    }
    const certificateIssuer = '2.5.29.29';
    expect(reasonOf(() => RevocationList.parse(withExtension(certificateIssuer, true, true), [user]))).toBe(
      'REVOCATION_UNKNOWN',
    );
    expect(RevocationList.parse(withExtension('1.2.3.4', false), [user]).isRevoked('4f01')).toBe(true);
  });

  it('that is too large is not read', () => {
    expect(reasonOf(() => RevocationList.parse('x'.repeat(4 * 1024 * 1024 + 1), [user]))).toBe('REVOCATION_UNKNOWN');
  });

  it('with any byte changed is refused or means the same: none slips through with fewer serials (T14)', () => {
    const der = Buffer.from(forge.pem.decode(list(['4f01', '4f02']))[0]?.body ?? '', 'binary');
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(der);
        changed[at] = (changed[at] ?? 0) ^ change;
        const pem = forge.pem.encode({ type: 'X509 CRL', body: changed.toString('binary') });
        const reason = reasonOf(() => {
          const parsed = RevocationList.parse(pem, [user]);
          expect(['4f01', '4f02'].map((serial) => parsed.isRevoked(serial))).toEqual([true, true]);
          expect(parsed.nextUpdates).toEqual([NOW + 7 * DAY_MS]);
        });
        expect([null, 'REVOCATION_UNKNOWN']).toContain(reason);
      }),
      { numRuns: 400 },
    );
  });

  it('of any bytes is refused with a reason (T14)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const pem = forge.pem.encode({ type: 'X509 CRL', body: Buffer.from(bytes).toString('binary') });
        expect(reasonOf(() => RevocationList.parse(pem, [user]))).toBe('REVOCATION_UNKNOWN');
      }),
      { numRuns: 300 },
    );
  });
});
