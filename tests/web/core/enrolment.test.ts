import { createPublicKey, verify } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { keyDigest, numberOfKey } from '#platform/hop/certificate-request.ts';
import { fromBase64Url, toBase64Url } from '#protocol/bytes.ts';
import { answerProofInput } from '#protocol/enrolment.ts';
import { RefusedByGateway } from '#web/core/ends.ts';
import { fetchAnswer, makeUserKey, numberOf, submitKey, type UserKey } from '#web/core/enrolment.ts';
import type { Request } from '#web/core/gateway-api.ts';

let key: UserKey;
beforeAll(async () => {
  key = await makeUserKey();
}, 30_000);

/** A listener that answers what it is told to, and keeps what it was sent. */
function listener(answers: Record<string, { status: number; body: unknown }>) {
  const sent: Record<string, unknown>[] = [];
  const request: Request = async (_method, path, body) => {
    sent.push({ ...body });
    return answers[path] ?? { status: 404, body: null };
  };
  return { request, sent };
}

const NONCE = toBase64Url(Uint8Array.from({ length: 32 }, (_, i) => i));
const WAITING = { status: 200, body: { state: 'waiting', expiresAt: '2026-12-03T00:00:00.000Z' } };
const challenged = (nonce: unknown, answer: { status: number; body: unknown } = WAITING) =>
  listener({ '/enrolment/challenge': { status: 200, body: { nonce } }, '/enrolment/answer': answer });

const codeOf = async (work: Promise<unknown>) => {
  try {
    await work;
  } catch (error) {
    return error instanceof RefusedByGateway ? error.code : error;
  }
  return null;
};

describe('a user’s key', () => {
  it('is RSA-3072, and has the number that gateway and authority give it', async () => {
    const publicKey = createPublicKey(key.publicKey);
    expect(publicKey.asymmetricKeyDetails).toEqual({ modulusLength: 3072, publicExponent: 65_537n });
    expect(await numberOf(key)).toBe(numberOfKey(publicKey));
  });

  it('never travels: only the code and a request do', async () => {
    const submitted = { status: 202, body: { request: 'x', expiresAt: '2026-12-03T00:00:00.000Z' } };
    const { request, sent } = listener({ '/enrolment': submitted });
    await submitKey(request, 'CODE', key, '田中太郎');
    expect(Object.keys(sent[0] ?? {})).toEqual(['code', 'csr']);
    expect(JSON.stringify(sent)).not.toContain('PRIVATE');
  });
});

describe('the proof for an answer', () => {
  it('signs the label, the challenge and the key, and so nothing that means anything elsewhere', async () => {
    const { request, sent } = challenged(NONCE);
    expect(await fetchAnswer(request, key)).toEqual(WAITING.body);
    const { signature, nonce, request: number } = sent[1] as Record<string, string>;
    expect([nonce, number]).toEqual([NONCE, await numberOf(key)]);
    const publicKey = createPublicKey(key.publicKey);
    const bytes = fromBase64Url(String(signature));
    const input = answerProofInput(fromBase64Url(NONCE), keyDigest(publicKey));
    expect(verify('sha256', input, publicKey, bytes)).toBe(true);
    expect(verify('sha256', fromBase64Url(NONCE), publicKey, bytes)).toBe(false);
    expect(Buffer.from(input).subarray(0, 11).toString('latin1')).toBe('tw/enrol/1\0');
  });

  it('is given for 32 bytes and for nothing else that a listener calls a challenge', async () => {
    const others = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc
        .uint8Array({ maxLength: 64 })
        .filter(({ length }) => length !== 32)
        .map((bytes) => toBase64Url(bytes)),
      fc.constant(null),
    );
    await fc.assert(
      fc.asyncProperty(others, async (nonce) => {
        const { request, sent } = challenged(nonce);
        expect(await codeOf(fetchAnswer(request, key))).toBe('UNAVAILABLE');
        expect(sent).toHaveLength(1);
      }),
      { numRuns: 50 },
    );
  });

  it('hears a refusal by its code, and takes no answer of another form', async () => {
    const refused = { status: 403, body: { code: 'ENROLMENT_DECLINED', message: {} } };
    expect(await codeOf(fetchAnswer(challenged(NONCE, refused).request, key))).toBe('ENROLMENT_DECLINED');
    for (const body of [null, {}, { state: 'certified' }, { state: 'other' }]) {
      expect(await codeOf(fetchAnswer(challenged(NONCE, { status: 200, body }).request, key))).toBe('UNAVAILABLE');
    }
  });
});
