// X.509 certificates (RFC 5280 §4) of our profile: self-signed authorities and the leaves below them.
import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import forge from 'node-forge';
import { type CertificateKind, type Identity, identityUri } from '#protocol/names.ts';
import { AUTHORITY_DAYS, BACKDATE_MS, DAY_MS, type Role } from './profile.ts';

/** An authority's certificate and key, parsed. */
export interface Signer {
  certificate: forge.pki.Certificate;
  key: forge.pki.rsa.PrivateKey;
}

/** What a leaf will say; every field comes from the authority's operator, none from the request. */
export interface LeafNames {
  identity: Identity;
  role: Role;
  /** The person's or host's name for display, any UTF-8. Nothing is decided by it. */
  commonName: string;
  /** DNS names and IP addresses of a server; empty for a client. */
  hosts: readonly string[];
}

/** @param keys PEM of the authority's own key. @returns PEM */
export function makeAuthorityCertificate(
  keys: { publicKey: string; privateKey: string },
  kind: CertificateKind,
  municipality: string | null,
  now: number,
): string {
  const certificate = blank(keys.publicKey, now - BACKDATE_MS, now + AUTHORITY_DAYS * DAY_MS);
  const name = [
    utf8Field('organizationName', municipality === null ? 'Telework' : `Telework ${municipality}`),
    utf8Field('commonName', `Telework ${kind} CA`),
  ];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    // pathLen 0: nobody below this authority can be an authority.
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(keys.privateKey), forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate);
}

/**
 * @param publicKey PEM, already checked for strength and possession
 * @param notAfter milliseconds since 1970
 * @returns PEM, and the serial as the CRL and Node write it
 */
export function makeLeafCertificate(
  signer: Signer,
  publicKey: string,
  names: LeafNames,
  now: number,
  notAfter: number,
): { pem: string; serial: string } {
  const certificate = blank(publicKey, now - BACKDATE_MS, notAfter);
  certificate.setSubject([utf8Field('commonName', names.commonName)]);
  certificate.setIssuer(signer.certificate.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: false },
    // TLS 1.3 only ever signs with it (RFC 8446 §4.4.3).
    { name: 'keyUsage', critical: true, digitalSignature: true },
    { name: 'extKeyUsage', critical: true, clientAuth: names.role === 'client', serverAuth: names.role === 'server' },
    { name: 'subjectAltName', altNames: [uriName(names.identity), ...names.hosts.map(hostName)] },
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: keyIdentifierOf(signer.certificate) },
  ]);
  certificate.sign(signer.key, forge.md.sha256.create());
  return { pem: forge.pki.certificateToPem(certificate), serial: certificate.serialNumber.toUpperCase() };
}

/** The subject key identifier as a binary string, for the AKI of what this certificate signs. */
export function keyIdentifierOf(certificate: forge.pki.Certificate): string {
  return certificate.generateSubjectKeyIdentifier().getBytes();
}

function blank(publicKey: string, notBefore: number, notAfter: number): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = newSerial();
  certificate.validity.notBefore = new Date(notBefore);
  certificate.validity.notAfter = new Date(notAfter);
  return certificate;
}

/** 16 random bytes. The two top bits are 01: positive as RFC 5280 §4.1.2.2 wants, and no leading zero to write or drop. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function utf8Field(name: string, value: string): forge.pki.CertificateField {
  // The library's field is typed as the class of a tag, but it is the string type of the value.
  return { name, value, valueTagClass: forge.asn1.Type.UTF8 as unknown as forge.asn1.Class };
}

// GeneralName tags of RFC 5280 §4.2.1.6.
function uriName(identity: Identity) {
  return { type: 6, value: identityUri(identity) };
}

function hostName(host: string) {
  return isIP(host) ? { type: 7, ip: host } : { type: 2, value: host };
}
