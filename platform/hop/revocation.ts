// Certificate revocation lists as we check them ourselves, beside OpenSSL's check in the handshake: live sessions must
// be cut when a list changes, and a connection may outlive the list that let it in (T11).
//
// The only parser is node-forge's ASN.1 reader, and nothing is believed before the signature holds. A list that says
// anything we do not understand (a critical extension: partial, indirect or delta lists) counts as no list.
import { verify, type X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import { Refusal } from '#protocol/codes.ts';
import { strongDigest } from './strength.ts';

const { asn1 } = forge;
type Asn1 = forge.asn1.Asn1;

/** About 60,000 revoked serials, read in half a second. */
export const CRL_FILE_MAX_BYTES = 4 * 1024 * 1024;

interface List {
  thisUpdate: number;
  nextUpdate: number;
  serials: ReadonlySet<string>;
}

/** The lists of every authority of one file, verified. */
export class RevocationList {
  readonly #lists: readonly List[];

  private constructor(lists: readonly List[]) {
    this.#lists = lists;
  }

  /**
   * @param pem one or more `X509 CRL` blocks
   * @param authorities each must have a list, signed by its own key
   * @throws REVOCATION_UNKNOWN for a missing, unreadable, unsigned or oversized list. Whether it is still current is
   * not checked here: see isCurrent
   */
  static parse(pem: string, authorities: readonly X509Certificate[]): RevocationList {
    if (pem.length > CRL_FILE_MAX_BYTES) throw unknown('the file is too large');
    if (authorities.length === 0) throw unknown('no authority');
    const blocks = pem.match(/-----BEGIN X509 CRL-----[A-Za-z0-9+/=\s]+-----END X509 CRL-----/g) ?? [];
    const raw = blocks.map(readSigned);
    return new RevocationList(
      authorities.map((authority) => {
        const own = raw.filter((one) => isSignedBy(one, authority)).map(readList);
        // The newest, if a file keeps an old one too; OpenSSL chooses the same way.
        const newest = own.sort((a, b) => b.thisUpdate - a.thisUpdate)[0];
        if (!newest) throw unknown(`no list signed by ${oneLineName(authority)}`);
        return newest;
      }),
    );
  }

  /**
   * Whether any authority of the file revoked this serial. Two authorities could use one serial; then this errs
   * towards revoked.
   * @param serial hexadecimal, any case, as in PeerIdentity
   */
  isRevoked(serial: string): boolean {
    const wanted = normalSerial(serial);
    return this.#lists.some((list) => list.serials.has(wanted));
  }

  /** Whether every list has begun and none has run out. If not, nobody may be let in. */
  isCurrent(now: number): boolean {
    return this.#lists.every((list) => list.thisUpdate <= now && now < list.nextUpdate);
  }

  /** When each authority's list runs out, in the order of the authorities, milliseconds since 1970. */
  get nextUpdates(): readonly number[] {
    return this.#lists.map((list) => list.nextUpdate);
  }
}

/** Upper-case hexadecimal without leading zeros or separators, so that two spellings of one serial compare equal. */
export function normalSerial(serial: string): string {
  return serial
    .replaceAll(':', '')
    .toUpperCase()
    .replace(/^0+(?=.)/, '');
}

interface Signed {
  tbs: Asn1;
  tbsDer: Buffer;
  algorithm: string;
  signature: Buffer;
}

/** CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue } (RFC 5280 §5.1) */
function readSigned(pem: string): Signed {
  try {
    const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64').toString('binary');
    const [tbs, algorithm, signature, ...more] = partsOf(parseDer(der));
    if (!tbs || !algorithm || !signature || more.length > 0) throw unknown('not a list');
    const bits = bytesOf(signature, asn1.Type.BITSTRING);
    if (bits.at(0) !== 0) throw unknown('signature is not whole bytes');
    return {
      tbs,
      // Only DER survives this unchanged; anything else fails the signature below.
      tbsDer: Buffer.from(asn1.toDer(tbs).getBytes(), 'binary'),
      algorithm: oidOf(partsOf(algorithm)[0]),
      signature: bits.subarray(1),
    };
  } catch (error) {
    throw error instanceof Refusal ? error : unknown('not readable as ASN.1');
  }
}

function parseDer(der: string): Asn1 {
  // decodeBitStrings would guess at structure inside the signature; left-over bytes are refused.
  const strict = { strict: true, parseAllBytes: true, decodeBitStrings: false, maxDepth: 16 };
  return asn1.fromDer(der, strict as unknown as boolean); // the options object is missing in the library's types
}

function isSignedBy({ tbsDer, algorithm, signature }: Signed, authority: X509Certificate): boolean {
  const digest = strongDigest(algorithm);
  try {
    return digest !== null && verify(digest, tbsDer, authority.publicKey, signature);
  } catch {
    return false; // a key of another type than the signature's
  }
}

/** TBSCertList: version, signature, issuer, thisUpdate, nextUpdate, revokedCertificates?, [0] extensions? */
function readList({ tbs }: Signed): List {
  try {
    const parts = partsOf(tbs);
    if (bytesOf(parts.shift(), asn1.Type.INTEGER).toString('hex') !== '01') throw unknown('not a version 2 list');
    parts.splice(0, 2);
    const thisUpdate = timeOf(parts.shift());
    const nextUpdate = timeOf(parts.shift());
    const entries = parts[0]?.tagClass === asn1.Class.UNIVERSAL ? partsOf(parts.shift()) : [];
    const extensions = parts.shift();
    if (parts.length > 0) throw unknown('a field too many');
    // [0] EXPLICIT, so one sequence inside
    if (extensions) refuseCritical(partsOf(Array.isArray(extensions.value) ? extensions.value[0] : undefined));
    return { thisUpdate, nextUpdate, serials: new Set(entries.map(serialOf)) };
  } catch (error) {
    throw error instanceof Refusal ? error : unknown('not a list as in RFC 5280');
  }
}

function serialOf(entry: Asn1): string {
  const [serial, , extensions] = partsOf(entry);
  if (extensions) refuseCritical(partsOf(extensions));
  return normalSerial(bytesOf(serial, asn1.Type.INTEGER).toString('hex'));
}

/** A critical extension changes what the list means (RFC 5280 §5.2): we know none, so the list is of no use to us. */
function refuseCritical(extensions: readonly Asn1[]): void {
  for (const extension of extensions) {
    const [, second] = partsOf(extension);
    if (second?.type === asn1.Type.BOOLEAN && second.value !== '\x00') throw unknown('a critical extension');
  }
}

function timeOf(part: Asn1 | undefined): number {
  if (part?.type === asn1.Type.UTCTIME) return asn1.utcTimeToDate(String(part.value)).getTime();
  if (part?.type === asn1.Type.GENERALIZEDTIME) return asn1.generalizedTimeToDate(String(part.value)).getTime();
  throw unknown('a time is missing');
}

function partsOf(part: Asn1 | undefined): Asn1[] {
  const isSequence = part?.tagClass === asn1.Class.UNIVERSAL && part.type === asn1.Type.SEQUENCE;
  if (!isSequence || !Array.isArray(part.value)) throw unknown('a sequence is missing');
  return [...part.value];
}

function bytesOf(part: Asn1 | undefined, type: forge.asn1.Type): Buffer {
  if (part?.type !== type || typeof part.value !== 'string') throw unknown('a field is missing');
  return Buffer.from(part.value, 'binary');
}

function oidOf(part: Asn1 | undefined): string {
  return asn1.derToOid(bytesOf(part, asn1.Type.OID).toString('binary'));
}

function oneLineName(authority: X509Certificate): string {
  return authority.subject.replaceAll('\n', ', ');
}

function unknown(detail: string): Refusal {
  return new Refusal('REVOCATION_UNKNOWN', `revocation list: ${detail}`);
}
