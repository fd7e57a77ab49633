// T19: one ceremony's assertion used in another. A hostile gateway may ask the page for a sign-in whenever it likes, so it
// hands the agent's challenge on as its nonce; a hostile agent does the same the other way round. The page is the project's
// own (web/core); what is asked of it and what becomes of its answers is the attacker's.
import { verifyAuthenticationResponse } from '@simplewebauthn/server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Bytes, equal, fromBase64Url, toBase64Url, utf8 } from '#protocol/bytes.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import type { Assertion } from '#protocol/inner/passkey.ts';
import type { PasskeyProver } from '#protocol/inner/proof.ts';
import { signatureInput, Transcript } from '#protocol/inner/transcript.ts';
import { ceremonyInput } from '#protocol/outer/ceremony.ts';
import { type BothEnds, bothEnds, DESKTOP, USER } from '#tests/support/both-ends.ts';
import { PINS, type SoftPasskey, softPasskey } from '#tests/support/passkey.ts';
import { endOf } from '#web/core/ends.ts';
import type { Request } from '#web/core/gateway-api.ts';
import { type Authenticator, addPasskey, ceremonyChallenge, signInWithPasskey } from '#web/core/gateway-ceremony.ts';
import type { Pinned } from '#web/core/open.ts';

let ends: BothEnds;
/** The worst case: the authenticator offers the credential that is paired with the agent when it is asked for a sign-in. */
let victim: SoftPasskey;
let pinned: Pinned;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  ends = await bothEnds();
  victim = softPasskey();
  const { code } = await ends.pairings.issue(USER, DESKTOP, false);
  pinned = await ends.pair(code, { prover: victim });
});
afterEach(() => vi.useRealTimers());

/** The browser at the page's origin: PublicKeyCredential.toJSON() of whatever the page asks for. */
const browser = (): Authenticator => ({
  async get({ challenge }) {
    return toJson(await victim.get(challenge, []));
  },
  async create({ challenge }) {
    const { authenticatorData, clientDataJson } = await victim.create(challenge, USER);
    const response = { authenticatorData: toBase64Url(authenticatorData), clientDataJSON: toBase64Url(clientDataJson) };
    return { id: toBase64Url(victim.passkey.credentialId), type: 'public-key', response };
  },
});

/** The gateway asks the page for a ceremony with this nonce. @returns what the page sends back */
async function extort(nonce: string, ceremony: (request: Request) => Promise<unknown>): Promise<Json> {
  let sent: Json | null = null;
  const request: Request = async (_method, path, body) => {
    const user = { userHandle: 'AAAA', userName: USER, displayName: USER };
    const options = {
      nonce,
      rpId: PINS.rpId,
      rpName: 'x',
      timeoutMs: 60_000,
      ...user,
      exclude: [],
      attestation: 'none',
    };
    if (path.endsWith('/options')) return { status: 200, body: options };
    sent = (body as { credential: Json }).credential;
    return { status: 401, body: { code: 'SIGN_IN_REFUSED' } };
  };
  await ceremony(request).catch(() => {});
  if (!sent) throw new Error('the page sent nothing');
  return sent;
}

/** Opens the desktop in the victim's place, with the page as its oracle. */
const openWith = (oracle: (challenge: Bytes) => Promise<Json>) => {
  const prover: PasskeyProver = {
    kind: 'passkey',
    create: victim.create,
    get: async (challenge) => fromJson(await oracle(challenge)),
  };
  return ends.open({ prover }, pinned).then(() => 'opened' as const, endOf);
};

describe('a hostile gateway with the agent’s challenge as its nonce', () => {
  it('gets an assertion over a sign-in, which the agent refuses', async () => {
    const end = await openWith((challenge) =>
      extort(toBase64Url(challenge), (request) => signInWithPasskey(request, browser())),
    );
    expect(end).toEqual({ code: 'PASSKEY_PROOF_REFUSED', authentic: true });
    expect(victim.given.assertions, 'the page did answer').toHaveLength(1);
    expect(ends.audit.of('handshake-refused').at(-1)).toMatchObject({
      reason: 'PROOF_PASSKEY_WRONG',
      detail: 'challenge',
    });
    expect(ends.audit.of('session-started')).toEqual([]);
  });

  it('would be in if the page signed what it is given (positive control: the oracle is real)', async () => {
    const naive = async (challenge: Bytes) => toJson(await victim.get(challenge, []));
    expect(await openWith(naive)).toBe('opened');
  });

  it('gets nothing by a registration either: neither the challenge nor the type is an opening’s', async () => {
    const end = await openWith(async (challenge) => {
      const made = await extort(toBase64Url(challenge), (request) => addPasskey(request, browser(), 'my key'));
      return { ...made, response: { ...made.response, signature: 'MAYCAQECAQE' } };
    });
    expect(end).toEqual({ code: 'PASSKEY_PROOF_REFUSED', authentic: true });
    expect(ends.audit.of('handshake-refused').at(-1)).toMatchObject({ reason: 'PROOF_PASSKEY_WRONG', detail: 'type' });
  });

  it('cannot give a nonce that is longer: the authenticator is not even asked', async () => {
    const input = await signatureInput('tw/proof/1', new Transcript(nodeCipher));
    for (const nonce of [input, input.subarray(12), new Uint8Array(31), new Uint8Array(0)]) {
      await expect(extort(toBase64Url(nonce), (request) => signInWithPasskey(request, browser()))).rejects.toThrow(
        'the page sent nothing',
      );
    }
    expect(victim.given.assertions).toEqual([]);
  });

  it('cannot find a nonce: the two inputs differ in their first byte, whatever the rest', async () => {
    const proof = await signatureInput('tw/proof/1', new Transcript(nodeCipher));
    const signIn = ceremonyInput(new Uint8Array(32));
    expect([proof[0], signIn[0]]).toEqual([0x20, utf8('t')[0]]);
    expect(equal(proof, signIn)).toBe(false);
  });
});

describe('a hostile agent with the gateway’s nonce', () => {
  /** The gateway's look at a sign-in, by the library that it uses. */
  async function signsIn(nonce: string, credential: Json): Promise<boolean> {
    const [attestation] = victim.given.attestations;
    if (!attestation) throw new Error('nothing was paired');
    const verified = await verifyAuthenticationResponse({
      response: { ...credential, rawId: credential.id, clientExtensionResults: {} },
      expectedChallenge: toBase64Url(await ceremonyChallenge(nonce)),
      expectedOrigin: [...PINS.origins],
      expectedRPID: PINS.rpId,
      requireUserVerification: true,
      credential: { id: credential.id, publicKey: attestation.authenticatorData.slice(-77), counter: 0 },
    });
    return verified.verified;
  }

  it('gets an assertion over a transcript, which signs nobody in', async () => {
    await ends.open({ prover: victim }, pinned);
    const [proof] = victim.given.assertions;
    const nonce = toBase64Url(nodeCipher.random(32));
    await expect(signsIn(nonce, toJson(proof as Assertion))).rejects.toThrow('challenge');
  });

  it('and the agent cannot make its transcript the nonce: it is hashed again, behind another label', async () => {
    await ends.open({ prover: victim }, pinned);
    const [proof] = victim.given.assertions as [Assertion];
    const { challenge } = JSON.parse(new TextDecoder().decode(proof.clientDataJson));
    await expect(signsIn(challenge, toJson(proof))).rejects.toThrow('challenge');
  });

  it('while a sign-in of the page is one (positive control)', async () => {
    const nonce = toBase64Url(nodeCipher.random(32));
    const credential = await extort(nonce, (request) => signInWithPasskey(request, browser()));
    expect(await signsIn(nonce, credential)).toBe(true);
  });
});

interface Json {
  id: string;
  type: 'public-key';
  response: { authenticatorData: string; clientDataJSON: string; signature: string };
}

function toJson({ credentialId, authenticatorData, clientDataJson, signature }: Assertion): Json {
  const response = {
    authenticatorData: toBase64Url(authenticatorData),
    clientDataJSON: toBase64Url(clientDataJson),
    signature: toBase64Url(signature),
  };
  return { id: toBase64Url(credentialId), type: 'public-key', response };
}

const fromJson = ({ id, response }: Json): Assertion => ({
  credentialId: fromBase64Url(id),
  authenticatorData: fromBase64Url(response.authenticatorData),
  clientDataJson: fromBase64Url(response.clientDataJSON),
  signature: fromBase64Url(response.signature),
});
