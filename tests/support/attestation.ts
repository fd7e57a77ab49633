// A maker of hardware authenticators: a root, and attestation certificates of the form that L3 §8.2.1 asks for.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import forge from 'node-forge';

export interface Issued {
  key: KeyObject;
  der: Buffer;
  pem: string;
  /** Issues one below this. */
  issue(options?: { ca?: boolean; name?: string; fromMs?: number; toMs?: number }): Issued;
}

const DAY = 86_400_000;

/** A self-signed authority. */
export function attestationRoot(name: string, nowMs = Date.now()): Issued {
  return issue({ name, ca: true, fromMs: nowMs - DAY, toMs: nowMs + 3_650 * DAY }, null);
}

function issue(
  { name, ca, fromMs, toMs }: { name: string; ca: boolean; fromMs: number; toMs: number },
  issuer: { certificate: forge.pki.Certificate; key: forge.pki.rsa.PrivateKey } | null,
): Issued {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = forge.pki.privateKeyFromPem(privateKey.export({ type: 'pkcs1', format: 'pem' }).toString());
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey.export({ type: 'spki', format: 'pem' }).toString());
  certificate.serialNumber = `01${Math.floor(fromMs % 2 ** 32)
    .toString(16)
    .padStart(8, '0')}`;
  certificate.validity.notBefore = new Date(fromMs);
  certificate.validity.notAfter = new Date(toMs);
  const subject = [
    { name: 'countryName', value: 'JP' },
    { name: 'organizationName', value: 'Test Keys' },
    { shortName: 'OU', value: ca ? 'Authority' : 'Authenticator Attestation' },
    { name: 'commonName', value: name },
  ];
  certificate.setSubject(subject);
  certificate.setIssuer(issuer ? issuer.certificate.subject.attributes : subject);
  certificate.setExtensions([{ name: 'basicConstraints', cA: ca, critical: true }]);
  certificate.sign(issuer?.key ?? key, forge.md.sha256.create());
  const der = Buffer.from(forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes(), 'binary');
  return {
    ...{ key: privateKey, der, pem: forge.pki.certificateToPem(certificate) },
    issue: (options = {}) => issue({ name: 'Key', ca: false, fromMs, toMs, ...options }, { certificate, key }),
  };
}
