// What a stranger may ask of the enrolment listener: hand in a request with a code, and collect its answer by proof of the
// request's key. Nothing about users can be learnt here: a wrong, an expired and a used code get one answer (E7, T21).
import { verify } from 'node:crypto';
import * as z from 'zod';
import { keyDigest, readCertificateRequest } from '#platform/hop/certificate-request.ts';
import { fromBase64Url } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import { answerProofInput, REQUEST_NUMBER, requestNumber } from '#protocol/enrolment.ts';
import { ENROLMENT_REQUEST_MAX_CHARACTERS } from '#protocol/limits.ts';
import { nothing } from '../doors/forms.ts';
import type { Answer } from '../doors/route.ts';
import { iso } from '../iso-time.ts';
import type { UserId, Users } from '../users.ts';
import type { EnrolmentCodes } from './codes.ts';
import type { EnrolmentJournal } from './journal.ts';
import type { Nonces } from './nonces.ts';
import type { EnrolmentRequests } from './requests.ts';

export interface EnrolmentParts {
  users: Users;
  codes: EnrolmentCodes;
  requests: EnrolmentRequests;
  nonces: Nonces;
  journal: EnrolmentJournal;
}

/** A request without a certificate: nothing is known but where it comes from. */
export interface StrangersVisit {
  address: string;
  /** @throws BODY_TOO_LARGE, BODY_MALFORMED */
  body<T>(schema: z.ZodType<T>): Promise<T>;
}

export interface StrangersRoute {
  method: 'GET' | 'POST';
  path: string;
  /** A code is tried: the tighter rate holds. */
  triesCode?: boolean;
  answer(visit: StrangersVisit): Promise<Answer>;
}

/** Nothing before, behind or between: the whole text is carried to the authority. */
const ONE_REQUEST =
  /^-----BEGIN CERTIFICATE REQUEST-----\r?\n[A-Za-z0-9+/=\r\n]+-----END CERTIFICATE REQUEST-----\r?\n?$/;
/** The code’s form is checked by who spends it. */
const submission = z.strictObject({ code: z.string().max(64), csr: z.string().regex(ONE_REQUEST) });
const collection = z.strictObject({
  request: z.string().regex(REQUEST_NUMBER),
  nonce: z.string().max(64),
  /** RSASSA-PKCS1-v1_5 with SHA-256, base64url; of an 8192-bit key at most. */
  signature: z
    .string()
    .max(1_366)
    .regex(/^[\w-]*$/),
});

export function enrolmentRoutes(parts: EnrolmentParts): readonly StrangersRoute[] {
  return [
    {
      method: 'POST',
      path: '/enrolment',
      triesCode: true,
      answer: async ({ address, body }) => submit(parts, address, await body(submission)),
    },
    {
      method: 'POST',
      path: '/enrolment/challenge',
      async answer({ body }) {
        await body(nothing);
        return { json: { nonce: parts.nonces.make() } };
      },
    },
    {
      method: 'POST',
      path: '/enrolment/answer',
      answer: async ({ address, body }) => collect(parts, address, await body(collection)),
    },
  ];
}

/** @throws AUDIT_UNWRITABLE, REQUEST_*, ENROLMENT_* */
async function submit(
  { users, codes, requests, journal }: EnrolmentParts,
  address: string,
  { code, csr }: z.infer<typeof submission>,
): Promise<Answer> {
  journal.requireHealthy();
  // Before the code is spent: a request that is of no use shall not cost the user the code.
  const { publicKey } = readCertificateRequest(csr, ENROLMENT_REQUEST_MAX_CHARACTERS);
  const owner = await codes.spend(code);
  const { name } = await requireUser(users, owner);
  const request = requestNumber(keyDigest(publicKey));
  const { expiresAt } = await requests.add(request, { ...owner, name, csr });
  journal.requested({ ...owner, request }, address);
  return { status: 202, json: { request, expiresAt: iso(expiresAt) } };
}

/** Disabled or removed since the code was issued. @throws ENROLMENT_USER_GONE */
async function requireUser(users: Users, owner: UserId): Promise<{ name: string }> {
  const user = await users.find(owner);
  if (!user?.enabled) throw new Refusal('ENROLMENT_USER_GONE', `${owner.municipality}/${owner.user}`);
  return user;
}

/** @throws REQUEST_* */
async function collect(
  { requests, nonces, journal }: EnrolmentParts,
  address: string,
  { request, nonce, signature }: z.infer<typeof collection>,
): Promise<Answer> {
  const challenge = nonces.spend(nonce);
  if (!challenge) throw new Refusal('REQUEST_NONCE');
  const found = await requests.find(request);
  if (!found) throw new Refusal('REQUEST_UNKNOWN');
  const { publicKey } = readCertificateRequest(found.csr);
  const input = answerProofInput(challenge, keyDigest(publicKey));
  if (!verify('sha256', input, publicKey, fromBase64Url(signature))) {
    throw new Refusal('REQUEST_PROOF', `${found.municipality}/${found.user}`);
  }
  const { state, certificate, municipality, user } = found;
  if (state === 'declined') throw new Refusal('REQUEST_DECLINED', `${municipality}/${user}`);
  if (certificate === null) return { json: { state, expiresAt: iso(found.expiresAt) } };
  journal.collected(found, address);
  return { json: { state, certificate, municipality, user } };
}
