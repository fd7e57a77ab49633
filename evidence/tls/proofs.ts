import { type AnyProof, listed } from '../proof.ts';
import { constantTime } from './constant-time.ts';
import { cryptography } from './cryptography.ts';
import { firstStart } from './first-start.ts';
import { identityHeaders } from './identity-headers.ts';
import { listenerCertificates } from './listener-certificates.ts';
import { ownCertificates } from './own-certificates.ts';
import { routeInventory } from './routes.ts';
import { listenerScan } from './scan.ts';
import { serverCertificates } from './server-certificates.ts';

/** The routes after the listeners' certificates: each takes the revocation lists as the one before has left them. */
export const tlsProofs: readonly AnyProof[] = [
  listed(listenerScan),
  listed(listenerCertificates),
  listed(serverCertificates),
  listed(ownCertificates),
  listed(routeInventory),
  listed(identityHeaders),
  listed(cryptography),
  listed(constantTime),
  listed(firstStart),
];
