// The administrator's part of enrolment, over the administrator's socket: hand out a code, look at the queue, carry requests
// to the authority and certificates back. No private key passes here, and none could (E5).
import { X509Certificate } from 'node:crypto';
import * as z from 'zod';
import { numberOfKey } from '#platform/hop/certificate-request.ts';
import { checkStrength, checkTrust, type PeerIdentity, readIdentity } from '#platform/hop/peer-certificate.ts';
import type { Trust } from '#platform/hop/tls-files.ts';
import { Failure } from '#platform/process/exit.ts';
import type { LocalHandlers } from '#platform/process/local-socket.ts';
import { Refusal } from '#protocol/codes.ts';
import { type EnrolmentFile, parseRequestNumber } from '#protocol/enrolment.ts';
import { userIdSchema } from '../users.ts';
import type { EnrolmentRequest } from './requests.ts';
import type { EnrolmentParts } from './routes.ts';

export interface EnrolmentAdminParts extends Omit<EnrolmentParts, 'nonces'> {
  /** Whether anybody could use a code. */
  isListening: boolean;
  /** The user authority as this gateway knows it now. @throws Failure if its files cannot be used */
  trust(): Trust;
  /** Wall clock, ms. */
  now(): number;
}

const CERTIFICATE_MAX_CHARACTERS = 16_384;

/** As people type it. */
const number = z
  .string()
  .max(64)
  .refine((typed) => parseRequestNumber(typed) !== null)
  .transform((typed) => parseRequestNumber(typed) ?? '');
const whichOne = z.strictObject({ request: number });
const whichOnes = z.strictObject({ request: number.optional() });
const imported = z.strictObject({ certificate: z.string().max(CERTIFICATE_MAX_CHARACTERS) });

export function enrolmentHandlers(parts: EnrolmentAdminParts): LocalHandlers {
  const { users, codes, requests, journal } = parts;

  async function requireRequest(request: string): Promise<EnrolmentRequest> {
    const found = await requests.find(request);
    if (!found) throw new Failure(`there is no request ${request}`);
    return found;
  }

  return {
    async 'enrolment.code'(body) {
      const id = userIdSchema.parse(body);
      if (!parts.isListening) throw new Failure('gateway.json has no "enrolment": nobody could use a code');
      const user = await users.find(id);
      if (!user) throw new Failure(`there is no user ${say(id)}`);
      if (!user.enabled) throw new Failure(`${say(id)} is disabled`);
      journal.requireHealthy();
      const { code, expiresAt } = await codes.issue(id);
      journal.codeIssued(id);
      return { ...id, name: user.name, code, expiresAt: new Date(expiresAt).toISOString() };
    },

    async 'enrolment.list'() {
      return { requests: (await requests.list()).map(shown) };
    },

    async 'enrolment.export'(body) {
      const { request } = whichOnes.parse(body);
      const asked = request === undefined ? await requests.list() : [await requireRequest(request)];
      const waiting = asked.filter(({ state }) => state === 'waiting');
      if (request !== undefined && waiting.length === 0) throw new Failure(`${request} is not waiting any more`);
      for (const one of waiting) journal.exported(one);
      return { requests: waiting.map(fileOf) };
    },

    async 'enrolment.import'(body) {
      const { certificate: pem } = imported.parse(body);
      const certificate = parseCertificate(pem);
      const request = numberOfKey(certificate.publicKey);
      try {
        const found = await requests.find(request);
        if (!found) throw new Refusal('REQUEST_UNKNOWN', 'no request is for the key of this certificate');
        const identity = requireFitting(certificate, found, parts.trust(), parts.now());
        if (!(await requests.certify(request, certificate.toString()))) {
          throw new Refusal('REQUEST_DUPLICATE', 'this request is answered already');
        }
        journal.certified(found, identity);
        return { ...shown({ ...found, state: 'certified' }), notAfter: new Date(identity.notAfter).toISOString() };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        journal.importRefused(error, request);
        throw new Failure(`this certificate cannot answer a request (${error.message})`);
      }
    },

    async 'enrolment.refuse'(body) {
      const { request } = whichOne.parse(body);
      const found = await requireRequest(request);
      if (!(await requests.decline(request))) throw new Failure(`${request} is answered already`);
      journal.declined(found);
      return shown({ ...found, state: 'declined' });
    },
  };
}

/**
 * By this gateway's own trust, so that what the user collects is what lets him in (T11, T17).
 * @throws CERTIFICATE_*, REVOCATION_UNKNOWN
 */
function requireFitting(
  certificate: X509Certificate,
  asked: EnrolmentRequest,
  trust: Trust,
  now: number,
): PeerIdentity {
  checkTrust(trust, certificate, now);
  checkStrength(certificate);
  const identity = readIdentity(certificate, { kind: 'user', role: 'client' });
  if (identity.municipality !== asked.municipality || identity.name !== asked.user) {
    throw new Refusal('CERTIFICATE_WRONG_KIND', `of ${identity.municipality}/${identity.name}, not ${say(asked)}`);
  }
  return identity;
}

function parseCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new Failure('not a certificate (PEM)');
  }
}

function shown({ request, municipality, user, name, state, submittedAt, expiresAt }: EnrolmentRequest) {
  const times = { submittedAt: new Date(submittedAt).toISOString(), expiresAt: new Date(expiresAt).toISOString() };
  return { request, municipality, user, name, state, ...times };
}

function fileOf({ request, municipality, user, name, csr }: EnrolmentRequest): EnrolmentFile {
  return { format: 'tw/enrolment-request/1', request, municipality, user, name, csr };
}

function say({ municipality, user }: { municipality: string; user: string }): string {
  return `${municipality}/${user}`;
}
