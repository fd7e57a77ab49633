// TLS of every hop, in one place: version, suites, groups, who is trusted, who is revoked, who the peer is.
//
// Two layers decide about a peer. OpenSSL checks chain, times, purpose and revocation in the handshake. verifyPeer turns
// its verdict into one of our reasons and checks what OpenSSL does not know. On a listener watched by reloadOnChange it
// also checks against the newest files on every call, so that neither a kept-alive nor a resumed connection outlives its
// certificate or the revocation list (T11).
import { X509Certificate } from 'node:crypto';
import type { Server, ServerOptions } from 'node:https';
import { isIP } from 'node:net';
import {
  type ConnectionOptions,
  checkServerIdentity,
  createSecureContext,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { type Reason, Refusal } from '#protocol/codes.ts';
import { lineOf } from '../process/exit.ts';
import { LOOK_INTERVAL_MS, stateOf } from '../process/file-state.ts';
import { createLog } from '../process/log.ts';
import { checkStrength, checkTrust, type ExpectedPeer, type PeerIdentity, readIdentity } from './peer-certificate.ts';
import type { RevocationList } from './revocation.ts';
import { type LoadedTls, type LoadedTrust, loadTls, type TlsFiles, type Trust } from './tls-files.ts';
import { watchValidity } from './validity.ts';

export type { PeerIdentity } from './peer-certificate.ts';
export { type TlsFiles, tlsFilesSchema } from './tls-files.ts';

/** AES-GCM only, as the CRYPTREC list has it; the ML-KEM hybrid first, against recording now and breaking later (T02). */
export const SETTINGS = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256',
  ecdhCurve: 'X25519MLKEM768:X25519:P-256',
} as const;

/**
 * For https.createServer. The handshake completes without a client certificate so that a page can say what is missing;
 * nothing may be served before verifyPeer. Call reloadOnChange for the server as well.
 * @throws Failure naming the file that cannot be used: a listener without a usable revocation list does not start
 */
export function serverTls(files: TlsFiles): ServerOptions {
  return serverOptions(loadTls(files));
}

function serverOptions({ pem }: LoadedTls): ServerOptions {
  return { ...pem, ...SETTINGS, requestCert: true, rejectUnauthorized: false };
}

/** What dials go by until a file changes. */
interface Dialling {
  state: string;
  trust: Trust;
  context: SecureContext;
}

/** One context for all dials with the same files: of its own, it costs a connection 50 KiB and parsing four files. */
const diallings = new WeakMap<TlsFiles, Dialling>();

/**
 * For tls.connect, asked for anew for each dial, so that each dial sees the newest files. The handshake fails unless the
 * server is trusted, not revoked and named `serverName`; refusalOfTls gives the reason. Call verifyPeer after it.
 * @param files the same object each time
 * @param serverName DNS name or IP address that must stand in the server's certificate
 * @throws Failure naming the file that cannot be used
 */
export function clientTls(files: TlsFiles, serverName: string): ConnectionOptions {
  const state = stateOf(Object.values(files));
  let dialling = diallings.get(files);
  if (dialling?.state !== state) {
    dialling = { state, ...diallingOf(loadTls(files)) };
    diallings.set(files, dialling);
  }
  return optionsOf(dialling, serverName);
}

/** The same from files that are loaded already; without an own certificate where the server asks for none. */
export function clientTlsOf(loaded: LoadedTls | LoadedTrust, serverName: string): ConnectionOptions {
  return optionsOf(diallingOf(loaded), serverName);
}

function diallingOf({ pem, trust }: LoadedTls | LoadedTrust): Omit<Dialling, 'state'> {
  return { trust, context: createSecureContext({ ...pem, ...SETTINGS }) };
}

function optionsOf({ trust, context }: Omit<Dialling, 'state'>, serverName: string): ConnectionOptions {
  return {
    secureContext: context,
    // No SNI for an address (RFC 6066 §3); what the certificate must name is checked below all the same.
    servername: isIP(serverName) ? '' : serverName,
    rejectUnauthorized: true,
    checkServerIdentity: (_host, certificate) =>
      checkServerIdentity(serverName, certificate) ?? trustError(trust, new X509Certificate(certificate.raw)),
  };
}

function trustError(trust: Trust, certificate: X509Certificate): Refusal | undefined {
  try {
    checkTrust(trust, certificate, Date.now());
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** What a watched listener trusts at the moment; null while its files cannot be used. */
interface Guard {
  trust: Trust | null;
}

const guards = new WeakMap<TLSSocket, Guard>();

/**
 * Watches the files of a listener. A change is taken over within half a second for new connections, and verifyPeer uses
 * it at once for all. While a file is missing, unreadable or does not fit, everyone is refused (REVOCATION_UNKNOWN) and
 * the log says why. Replacing key and certificate one after the other passes through that state for a moment. The log
 * also warns before, and alarms after, something in the files runs out (validity.ts).
 * Connections already in use are the caller's: cut those whose serial is revoked when `changed` is called.
 * @param changed called at once and after each change, with the lists that hold from now on; null while the files cannot
 * be used
 * @returns stops watching
 */
export function reloadOnChange(
  server: Server,
  files: TlsFiles,
  changed: (revocations: RevocationList | null) => void,
): () => void {
  const log = createLog('tls');
  const guard: Guard = { trust: null };
  let seen = '';

  function look(): void {
    const state = stateOf(Object.values(files));
    if (state === seen) return;
    const first = seen === '';
    seen = state;
    try {
      const loaded = loadTls(files);
      // Everything again: a context without minVersion would let TLS 1.2 in, one without crl would ask nobody.
      server.setSecureContext(serverOptions(loaded));
      guard.trust = loaded.trust;
      const { certificate, revocations } = files;
      if (!first) log.info({ certificate, revocations }, 'certificates and lists reloaded');
    } catch (error) {
      guard.trust = null;
      log.error(`everyone is refused until this is put right: ${lineOf(error)}`);
    }
    changed(guard.trust?.revocations ?? null);
  }

  // Before the server's own listener, so that no request is handled on a socket without a guard.
  const attach = (socket: TLSSocket) => void guards.set(socket, guard);
  server.prependListener('secureConnection', attach);
  look();
  const timer = setInterval(look, LOOK_INTERVAL_MS).unref();
  const stopWarning = watchValidity(files, log, Date.now);
  return () => {
    clearInterval(timer);
    stopWarning();
    server.off('secureConnection', attach);
  };
}

/**
 * The one place where a peer becomes an identity; nothing else on the connection may say who it is (B9).
 *
 * Checks, in this order: a certificate is there; on a watched listener issuer, list, revocation and times against the
 * newest files; strength; OpenSSL's verdict; usage, exactly one identity URI, kind.
 * @throws CERTIFICATE_MISSING, CERTIFICATE_UNTRUSTED, REVOCATION_UNKNOWN, CERTIFICATE_REVOKED, CERTIFICATE_EXPIRED,
 * CERTIFICATE_NOT_YET_VALID, CERTIFICATE_WRONG_USAGE, CERTIFICATE_WEAK, CERTIFICATE_WRONG_KIND
 */
export function verifyPeer(socket: TLSSocket, expect: ExpectedPeer): PeerIdentity {
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) throw new Refusal('CERTIFICATE_MISSING');
  const guard = guards.get(socket);
  if (guard) {
    if (!guard.trust) throw new Refusal('REVOCATION_UNKNOWN', "the listener's files cannot be used");
    checkTrust(guard.trust, certificate, Date.now());
  }
  // Before OpenSSL's verdict, which gives no name to a weak key or digest.
  checkStrength(certificate);
  if (!socket.authorized) throw verdictOf(socket.authorizationError);
  return readIdentity(certificate, expect);
}

/**
 * OpenSSL's verdicts by Node's names; whatever is not listed means that no trusted chain was found. That holds for
 * UNABLE_TO_GET_CRL as well: loadTls demands a list of every trusted authority, so the issuer must be another.
 */
const VERDICTS: Readonly<Record<string, Reason>> = {
  CERT_HAS_EXPIRED: 'CERTIFICATE_EXPIRED',
  CERT_NOT_YET_VALID: 'CERTIFICATE_NOT_YET_VALID',
  CERT_REVOKED: 'CERTIFICATE_REVOKED',
  CRL_SIGNATURE_FAILURE: 'REVOCATION_UNKNOWN',
  CRL_HAS_EXPIRED: 'REVOCATION_UNKNOWN',
  CRL_NOT_YET_VALID: 'REVOCATION_UNKNOWN',
  ERROR_IN_CRL_LAST_UPDATE_FIELD: 'REVOCATION_UNKNOWN',
  ERROR_IN_CRL_NEXT_UPDATE_FIELD: 'REVOCATION_UNKNOWN',
  INVALID_PURPOSE: 'CERTIFICATE_WRONG_USAGE',
};

/** @param verdict a string or an Error with a code, by Node's version */
function verdictOf(verdict: unknown): Refusal {
  const code = verdict instanceof Error ? String((verdict as NodeJS.ErrnoException).code) : String(verdict);
  return new Refusal(VERDICTS[code] ?? 'CERTIFICATE_UNTRUSTED', code);
}

/** What a failed dial with clientTls means: a Refusal if the server's certificate was the reason, else null. */
export function refusalOfTls(error: unknown): Refusal | null {
  if (error instanceof Refusal) return error;
  const code = (error as NodeJS.ErrnoException | null)?.code ?? '';
  if (Object.hasOwn(VERDICTS, code)) return verdictOf(error);
  // OpenSSL's own bar for keys and digests comes before ours at a dial, and Node has no name for its verdict.
  const words = error instanceof Error ? error.message : '';
  if (code === 'UNSPECIFIED' && /\btoo weak$/.test(words)) return new Refusal('CERTIFICATE_WEAK', words);
  return UNTRUSTED_SERVER.test(code) ? new Refusal('CERTIFICATE_UNTRUSTED', code) : null;
}

const UNTRUSTED_SERVER =
  /^(?:UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|CERTIFICATE_|INVALID_CA|PATH_LENGTH_|UNSPECIFIED|ERR_TLS_CERT_ALTNAME_INVALID)/;
