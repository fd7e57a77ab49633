// A certificate request in a file, at the authority. Only its public key is used; what else it says is shown, never believed.
import { type CertificateRequest, readCertificateRequest } from '#platform/hop/certificate-request.ts';
import { Failure } from '#platform/process/exit.ts';
import { Refusal } from '#protocol/codes.ts';

const HOSTS_SHOWN_MAX = 16;

export interface CheckedRequest {
  /** SPKI, PEM. */
  publicKey: string;
  /** The names a server asks for. Not verified: the operator decides with --dns. */
  wantedHosts: readonly string[];
}

/**
 * Checks what readCertificateRequest checks.
 * @param name of the file, for the message
 * @throws Failure
 */
export function checkRequest(pem: string, name: string): CheckedRequest {
  const { publicKey, wantedHosts } = read(pem, name);
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    wantedHosts: wantedHosts.filter((host) => HOST_NAME.test(host)).slice(0, HOSTS_SHOWN_MAX),
  };
}

function read(pem: string, name: string): CertificateRequest {
  try {
    return readCertificateRequest(pem);
  } catch (error) {
    if (error instanceof Refusal) throw new Failure(`${name}: ${error.detail}`);
    throw error;
  }
}

/** RFC 1123 labels, lower case. No wildcard: each listener has its own certificate. */
export const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;
