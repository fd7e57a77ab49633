// Enrolment on the user's own device: the key, the request, and the answer fetched by proof of the key. The private key
// leaves this code only inside what a password of the user's encrypts (E5).
import * as z from 'zod';
import { makeRequest } from '#certs/request.ts';
import { type Bytes, fromBase64Url, toBase64Url } from '#protocol/bytes.ts';
import { answerProofInput, ENROLMENT_NONCE_BYTES, requestNumber } from '#protocol/enrolment.ts';
import { RefusedByGateway } from './ends.ts';
import { call, type Request } from './gateway-api.ts';

export { makeP12, openKey, P12Error, sealKey } from '#certs/request.ts';

const RSA_BITS = 3072;
const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const;

/** PEM: SPKI and PKCS#8. */
export interface UserKey {
  publicKey: string;
  privateKey: string;
}

export type Answer = z.infer<typeof answer>;

const submitted = z.object({ request: z.string(), expiresAt: z.iso.datetime() });
const challenge = z.object({ nonce: z.string() });
const answer = z.discriminatedUnion('state', [
  z.object({ state: z.literal('waiting'), expiresAt: z.iso.datetime() }),
  z.object({
    state: z.literal('certified'),
    /** PEM */
    certificate: z.string().max(16_384),
    municipality: z.string(),
    user: z.string(),
  }),
]);

/** RSA-3072. Extractable, since it has to get into the .p12. */
export async function makeUserKey(): Promise<UserKey> {
  const parameters = { ...RSA, modulusLength: RSA_BITS, publicExponent: Uint8Array.of(1, 0, 1) };
  const pair = await crypto.subtle.generateKey(parameters, true, ['sign', 'verify']);
  return {
    publicKey: toPem('PUBLIC KEY', await crypto.subtle.exportKey('spki', pair.publicKey)),
    privateKey: toPem('PRIVATE KEY', await crypto.subtle.exportKey('pkcs8', pair.privateKey)),
  };
}

/** What user, administrator and authority call the request: the fingerprint of the key. */
export async function numberOf({ publicKey }: UserKey): Promise<string> {
  return requestNumber(await digestOf(publicKey));
}

/**
 * Hands a request in.
 * @param code as the user typed it
 * @param csr PEM, of makeRequest
 * @returns until when the answer can be fetched
 * @throws RefusedByGateway
 */
export async function submitRequest(request: Request, code: string, csr: string): Promise<{ expiresAt: string }> {
  return await call(request, 'POST', '/enrolment', submitted, { code, csr });
}

/** The same for a key alone. @param name of the person, a suggestion for who looks at the request */
export function submitKey(request: Request, code: string, key: UserKey, name: string): Promise<{ expiresAt: string }> {
  return submitRequest(request, code, makeRequest(key, name));
}

/**
 * Asks for the answer once.
 * @throws RefusedByGateway, also for a challenge that is none
 */
export async function fetchAnswer(request: Request, key: UserKey): Promise<Answer> {
  const { nonce } = await call(request, 'POST', '/enrolment/challenge', challenge, {});
  const signature = await prove(key, nonce);
  const proof = { request: await numberOf(key), nonce, signature };
  return await call(request, 'POST', '/enrolment/answer', answer, proof);
}

/** The label in the input keeps this signature from being of use anywhere else; the length keeps the nonce a nonce. */
async function prove({ publicKey, privateKey }: UserKey, nonce: string): Promise<string> {
  const bytes = nonceOf(nonce);
  const key = await crypto.subtle.importKey('pkcs8', fromPem(privateKey), RSA, false, ['sign']);
  const input = answerProofInput(bytes, await digestOf(publicKey));
  return toBase64Url(new Uint8Array(await crypto.subtle.sign(RSA, key, input)));
}

function nonceOf(nonce: string): Bytes {
  try {
    const bytes = fromBase64Url(nonce);
    if (bytes.length === ENROLMENT_NONCE_BYTES) return bytes;
  } catch {}
  throw new RefusedByGateway('UNAVAILABLE');
}

async function digestOf(publicKey: string): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', fromPem(publicKey)));
}

function toPem(label: string, der: ArrayBuffer): string {
  const base64 = btoa(String.fromCharCode(...new Uint8Array(der)));
  return `-----BEGIN ${label}-----\n${base64.replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`;
}

function fromPem(pem: string): Bytes {
  return Uint8Array.from(atob(pem.replace(/-----[^-]+-----|\s/g, '')), (character) => character.charCodeAt(0));
}
