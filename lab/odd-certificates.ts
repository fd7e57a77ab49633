// Certificates as our authorities never issue them: each differs from a good one in what whoever asks for it names.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import forge from 'node-forge';
import type { CertificateKind } from '#protocol/names.ts';

const HOUR_MS = 3_600_000;

/** An authority, or whoever plays one. */
export interface Signer {
  certificate: forge.pki.Certificate;
  key: forge.pki.rsa.PrivateKey;
}

export interface OddOptions {
  commonName?: string;
  /** The whole subject, in the place of a common name alone: such as that of an authority to be confused with. */
  subject?: readonly forge.pki.CertificateField[];
  uris?: readonly string[];
  hosts?: readonly string[];
  /** null leaves the extension out. */
  usage?: readonly ('clientAuth' | 'serverAuth' | 'emailProtection')[] | null;
  /** From now. */
  fromMs?: number;
  untilMs?: number;
  digest?: 'sha1' | 'sha256' | 'md5';
  authority?: boolean;
  /** What an authority may do; both by default. */
  keyUsage?: { keyCertSign?: boolean; cRLSign?: boolean };
  pathLength?: number;
  serial?: string;
}

/** The key and certificate of an authority in a folder made by certs. */
export function readSigner(dir: string, kind: CertificateKind): Signer {
  const read = (name: string) => readFileSync(join(dir, kind, name), 'utf8');
  return {
    key: forge.pki.privateKeyFromPem(read('ca.key.pem')),
    certificate: forge.pki.certificateFromPem(read('ca.cert.pem')),
  };
}

let serials = 0x5000;

/**
 * @param signer null signs itself with `key`
 * @param key PEM, public and private
 * @returns PEM; without options a good user certificate
 */
export function oddCertificate(
  signer: Signer | null,
  key: { publicKey: string; privateKey: string },
  options: OddOptions = {},
): string {
  const { fromMs = -HOUR_MS, untilMs = HOUR_MS, digest = 'sha256', authority = false, commonName = 'odd' } = options;
  const { usage = ['clientAuth'], uris = ['urn:telework:user:131016:tanaka'], hosts = [] } = options;
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(key.publicKey);
  certificate.serialNumber = options.serial ?? (serials++).toString(16);
  certificate.validity.notBefore = new Date(Date.now() + fromMs);
  certificate.validity.notAfter = new Date(Date.now() + untilMs);
  certificate.setSubject([...(options.subject ?? [{ name: 'commonName', value: commonName }])]);
  certificate.setIssuer(signer ? signer.certificate.subject.attributes : certificate.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: authority, ...pathLengthOf(options) },
    authority
      ? { name: 'keyUsage', critical: true, ...(options.keyUsage ?? { keyCertSign: true, cRLSign: true }) }
      : { name: 'keyUsage', critical: true, digitalSignature: true },
    ...(usage && !authority ? [{ name: 'extKeyUsage', ...Object.fromEntries(usage.map((one) => [one, true])) }] : []),
    ...(authority ? [] : [{ name: 'subjectAltName', altNames: altNames(uris, hosts) }]),
    { name: 'subjectKeyIdentifier' },
    ...(signer
      ? [
          {
            name: 'authorityKeyIdentifier',
            keyIdentifier: signer.certificate.generateSubjectKeyIdentifier().getBytes(),
          },
        ]
      : []),
  ]);
  const signingKey = signer ? signer.key : forge.pki.privateKeyFromPem(key.privateKey);
  certificate.sign(signingKey, forge.md[digest].create());
  return forge.pki.certificateToPem(certificate).replaceAll('\r', '');
}

/** The same, ready to sign others. */
export function oddSigner(
  signer: Signer | null,
  key: { publicKey: string; privateKey: string },
  options: OddOptions = {},
): Signer & { pem: string } {
  const pem = oddCertificate(signer, key, { authority: true, ...options });
  return { pem, certificate: forge.pki.certificateFromPem(pem), key: forge.pki.privateKeyFromPem(key.privateKey) };
}

function pathLengthOf({ pathLength }: OddOptions) {
  return pathLength === undefined ? {} : { pathLenConstraint: pathLength };
}

function altNames(uris: readonly string[], hosts: readonly string[]) {
  return [
    ...uris.map((value) => ({ type: 6, value })),
    ...hosts.map((host) => (/^[0-9.]+$/.test(host) ? { type: 7, ip: host } : { type: 2, value: host })),
  ];
}
