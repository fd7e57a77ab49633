// One authority on disk: DIR/KIND/ with ca.key.pem, ca.cert.pem, index.json, crlnumber and crl.pem.
// The index is written before a certificate is handed out, so none exists that cannot be found and revoked.
import { generateKeyPair } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import forge from 'node-forge';
import * as z from 'zod';
import { Failure } from '#platform/process/exit.ts';
import { requireKeyFile } from '#platform/process/key-files.ts';
import { makePrivateFolder } from '#platform/process/private-folder.ts';
import { type CertificateKind, identityUri, MUNICIPALITY } from '#protocol/names.ts';
import { type LeafNames, makeAuthorityCertificate, makeLeafCertificate, type Signer } from './certificate.ts';
import { makeCrl } from './crl.ts';
import { readText, withLock, writeText } from './files.ts';
import {
  belongsToMunicipality,
  DAY_MS,
  KINDS,
  REVOCATION_REASONS,
  type RevocationReason,
  ROLES,
  RSA_BITS,
} from './profile.ts';

const reasons = Object.keys(REVOCATION_REASONS) as [RevocationReason, ...RevocationReason[]];

const issuedSchema = z.strictObject({
  serial: z.string().regex(/^[0-9A-F]{2,40}$/),
  subject: z.string(),
  uri: z.string(),
  role: z.enum(['client', 'server']),
  /** Milliseconds since 1970. */
  notAfter: z.number(),
  revoked: z.strictObject({ at: z.number(), reason: z.enum(reasons) }).optional(),
});

const indexSchema = z.strictObject({
  kind: z.enum(KINDS as [CertificateKind, ...CertificateKind[]]),
  /** If set, this authority issues for no other (T17). */
  municipality: z.string().regex(MUNICIPALITY).nullable(),
  issued: z.array(issuedSchema),
});

export type Issued = z.infer<typeof issuedSchema>;
type Index = z.infer<typeof indexSchema>;

/** RSA-3072, exponent 65537, as PEM (SPKI and PKCS#8). */
export async function makeKey(): Promise<{ publicKey: string; privateKey: string }> {
  return await promisify(generateKeyPair)('rsa', {
    modulusLength: RSA_BITS,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

/** An authority's folder. Every method reads the files anew, so that two commands never work on an old picture. */
export class Authority {
  readonly kind: CertificateKind;
  readonly folder: string;

  constructor(dir: string, kind: CertificateKind) {
    this.kind = kind;
    this.folder = join(dir, kind);
  }

  get certificatePath(): string {
    return join(this.folder, 'ca.cert.pem');
  }

  get crlPath(): string {
    return join(this.folder, 'crl.pem');
  }

  get exists(): boolean {
    return existsSync(join(this.folder, 'ca.key.pem'));
  }

  /**
   * Makes key, certificate, empty index and first CRL.
   * @param force replaces an authority: every certificate it issued is worthless from then on
   * @throws Failure if there is one already
   */
  async create(municipality: string | null, now: number, force: boolean): Promise<void> {
    if (this.exists && !force) {
      throw new Failure(`${this.folder} holds an authority already; --force replaces it and voids all it issued`);
    }
    makePrivateFolder(this.folder);
    const key = await makeKey();
    this.#locked(() => {
      const certificate = makeAuthorityCertificate(key, this.kind, municipality, now);
      this.#write('ca.key.pem', key.privateKey, force);
      this.#write('ca.cert.pem', certificate, force);
      this.#writeIndex({ kind: this.kind, municipality, issued: [] });
      this.#publish(now);
    });
  }

  /**
   * Certifies a checked public key.
   * @param publicKey SPKI PEM from checkRequest
   * @param days of life; never beyond the authority's own
   * @returns PEM and serial
   * @throws Failure if the names do not fit kind, role or municipality
   */
  issue(
    publicKey: string,
    names: LeafNames,
    days: number,
    now: number,
  ): { pem: string; serial: string; notAfter: number } {
    return this.#locked(() => {
      const index = this.list();
      this.#checkNames(names, index);
      const signer = this.#signer();
      const notAfter = Math.floor((now + days * DAY_MS) / 1000) * 1000;
      if (notAfter > signer.certificate.validity.notAfter.getTime()) {
        throw new Failure(`the ${this.kind} authority itself ends before that; choose fewer --days or renew it`);
      }
      const { pem, serial } = makeLeafCertificate(signer, publicKey, names, now, notAfter);
      const { role, commonName } = names;
      index.issued.push({ serial, subject: commonName, uri: identityUri(names.identity), role, notAfter });
      this.#writeIndex(index);
      return { pem, serial, notAfter };
    });
  }

  #checkNames({ identity, role, hosts }: LeafNames, index: Index): void {
    if (identity.kind !== this.kind)
      throw new Failure(`the ${this.kind} authority issues no ${identity.kind} certificate`);
    if (!ROLES[this.kind].includes(role)) throw new Failure(`a ${this.kind} certificate is never for a ${role}`);
    if (belongsToMunicipality(this.kind, role) !== (identity.municipality !== '-') && this.kind !== 'admin') {
      throw new Failure(
        identity.municipality === '-'
          ? `a ${this.kind} ${role} belongs to a municipality: --municipality is needed`
          : `a ${this.kind} ${role} belongs to no municipality: leave --municipality out`,
      );
    }
    if (index.municipality !== null && ![index.municipality, '-'].includes(identity.municipality)) {
      throw new Failure(`this authority is for municipality ${index.municipality} only`);
    }
    if (role === 'client' && hosts.length > 0) throw new Failure('--dns is for servers only');
    if (role === 'server' && hosts.length === 0) throw new Failure('a server needs at least one --dns name');
  }

  /**
   * Writes the revocation and a new CRL.
   * @returns false if it was revoked before (the first reason and time stay)
   * @throws Failure if this authority never issued that serial
   */
  revoke(serial: string, reason: RevocationReason, now: number): boolean {
    return this.#locked(() => {
      const index = this.list();
      const found = index.issued.find((one) => one.serial === serial);
      if (!found) throw new Failure(`the ${this.kind} authority never issued serial ${serial}`);
      const first = found.revoked === undefined;
      found.revoked ??= { at: now, reason };
      this.#writeIndex(index);
      this.#publish(now);
      return first;
    });
  }

  /** Writes a new CRL with the next number. */
  publish(now: number): void {
    this.#locked(() => this.#publish(now));
  }

  /** @throws Failure if the index is missing or not ours */
  list(): Index {
    const path = join(this.folder, 'index.json');
    const text = this.exists ? readText(path, 'the index') : null;
    if (text === null) throw new Failure(`${this.folder} holds no authority; "certs -- init" makes one`);
    try {
      const index = indexSchema.parse(JSON.parse(text));
      if (index.kind === this.kind) return index;
    } catch {}
    throw new Failure(`${path} is not the index of a ${this.kind} authority`);
  }

  #publish(now: number): void {
    const path = join(this.folder, 'crlnumber');
    const number = (existsSync(path) ? this.#readNumber(path) : 0) + 1;
    const revoked = this.list().issued.flatMap(({ serial, revoked }) => (revoked ? [{ serial, ...revoked }] : []));
    const crl = makeCrl(this.#signer(), revoked, number, now);
    // The number first: a crash between the two skips one, which is allowed; the same number twice is not.
    this.#write('crlnumber', `${number}\n`, true);
    writeText(this.crlPath, crl, { mode: 0o644, replace: true });
  }

  #readNumber(path: string): number {
    const text = readText(path, 'the CRL number').trim();
    if (!/^[0-9]{1,9}$/.test(text)) throw new Failure(`${path} does not hold a CRL number`);
    return Number(text);
  }

  #signer(): Signer {
    const keyPath = join(this.folder, 'ca.key.pem');
    const keyPem = requireKeyFile(keyPath);
    const certificatePem = readText(this.certificatePath, "the authority's certificate");
    try {
      const key = forge.pki.privateKeyFromPem(keyPem);
      const certificate = forge.pki.certificateFromPem(certificatePem);
      if ((certificate.publicKey as forge.pki.rsa.PublicKey).n.equals(key.n)) return { key, certificate };
    } catch {}
    throw new Failure(`${keyPath} and ca.cert.pem are not key and certificate of one authority`);
  }

  #writeIndex(index: Index): void {
    this.#write('index.json', `${JSON.stringify(index, null, 1)}\n`, true);
  }

  #write(name: string, content: string, replace: boolean): void {
    const mode = name === 'ca.cert.pem' ? 0o644 : 0o600;
    writeText(join(this.folder, name), content, { mode, replace });
  }

  #locked<T>(work: () => T): T {
    if (!existsSync(this.folder)) throw new Failure(`${this.folder} holds no authority; "certs -- init" makes one`);
    return withLock(join(this.folder, '.lock'), work);
  }
}
