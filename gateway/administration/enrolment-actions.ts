// The administrator's part of enrolment: hand out a code, look at the queue, carry requests
// to the authority and certificates back. No private key passes here, and none could (E5).
import { X509Certificate } from 'node:crypto';
import * as z from 'zod';
import { numberOfKey } from '#platform/hop/certificate-request.ts';
import { checkStrength, checkTrust, type PeerIdentity, readIdentity } from '#platform/hop/peer-certificate.ts';
import type { Trust } from '#platform/hop/tls-files.ts';
import { Failure } from '#platform/process/exit.ts';
import { Refusal } from '#protocol/codes.ts';
import { type EnrolmentFile, parseRequestNumber } from '#protocol/enrolment.ts';
import type { EnrolmentRequest } from '../enrolment/requests.ts';
import type { EnrolmentParts } from '../enrolment/routes.ts';
import { iso } from '../iso-time.ts';
import { ownerPath } from '../sign-in/owner.ts';
import { userIdSchema } from '../users.ts';
import { type Action, type Administrator, inCharge, inMunicipality, isInCharge } from './action.ts';

export interface EnrolmentActionParts extends Omit<EnrolmentParts, 'nonces'> {
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

export function enrolmentActions(parts: EnrolmentActionParts): Action[] {
  const { users, codes, requests, journal } = parts;

  /** Of another municipality: the same as none (T17). */
  async function requireRequest(request: string, by: Administrator): Promise<EnrolmentRequest> {
    const found = await requests.find(request);
    if (!found || !isInCharge(by, found.municipality)) throw new Failure(`there is no request ${request}`);
    return found;
  }

  async function listFor(by: Administrator): Promise<EnrolmentRequest[]> {
    return (await requests.list()).filter(({ municipality }) => isInCharge(by, municipality));
  }

  return [
    inMunicipality({
      name: 'enrolment.code',
      schema: userIdSchema,
      dangerous: true,
      async run(id, by) {
        if (!parts.isListening) throw new Failure('gateway.json has no "enrolment": nobody could use a code');
        const user = await users.find(id);
        if (!user) throw new Failure(`there is no user ${ownerPath(id)}`);
        if (!user.enabled) throw new Failure(`${ownerPath(id)} is disabled`);
        journal.requireHealthy();
        const { code, expiresAt } = await codes.issue(id);
        journal.codeIssued(id, by.name);
        return { ...id, name: user.name, code, expiresAt: iso(expiresAt) };
      },
    }),

    inCharge({
      name: 'enrolment.list',
      schema: z.strictObject({}),
      dangerous: false,
      async run(_nothing, by) {
        return { requests: (await listFor(by)).map(shown) };
      },
    }),

    inCharge({
      name: 'enrolment.export',
      schema: whichOnes,
      dangerous: false,
      async run({ request }, by) {
        const asked = request === undefined ? await listFor(by) : [await requireRequest(request, by)];
        const waiting = asked.filter(({ state }) => state === 'waiting');
        if (request !== undefined && waiting.length === 0) throw new Failure(`${request} is not waiting any more`);
        for (const one of waiting) journal.exported(one, by.name);
        return { requests: waiting.map(fileOf) };
      },
    }),

    inCharge({
      name: 'enrolment.import',
      schema: imported,
      dangerous: true,
      async run({ certificate: pem }, by) {
        const certificate = parseCertificate(pem);
        const request = numberOfKey(certificate.publicKey);
        try {
          const found = await requests.find(request);
          if (!found || !isInCharge(by, found.municipality)) {
            throw new Refusal('REQUEST_UNKNOWN', 'no request is for the key of this certificate');
          }
          const identity = requireFitting(certificate, found, parts.trust(), parts.now());
          if (!(await requests.certify(request, certificate.toString()))) {
            throw new Refusal('REQUEST_DUPLICATE', 'this request is answered already');
          }
          journal.certified(found, identity, by.name);
          return { ...shown({ ...found, state: 'certified' }), notAfter: iso(identity.notAfter) };
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          journal.importRefused(error, request, by.name);
          throw new Failure(`this certificate cannot answer a request (${error.message})`);
        }
      },
    }),

    inCharge({
      name: 'enrolment.refuse',
      schema: whichOne,
      dangerous: false,
      async run({ request }, by) {
        const found = await requireRequest(request, by);
        if (!(await requests.decline(request))) throw new Failure(`${request} is answered already`);
        journal.declined(found, by.name);
        return shown({ ...found, state: 'declined' });
      },
    }),
  ];
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
    throw new Refusal(
      'CERTIFICATE_WRONG_KIND',
      `of ${identity.municipality}/${identity.name}, not ${ownerPath(asked)}`,
    );
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
  const times = { submittedAt: iso(submittedAt), expiresAt: iso(expiresAt) };
  return { request, municipality, user, name, state, ...times };
}

function fileOf({ request, municipality, user, name, csr }: EnrolmentRequest): EnrolmentFile {
  return { format: 'tw/enrolment-request/1', request, municipality, user, name, csr };
}
