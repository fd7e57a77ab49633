// How a user is proven over the transcript: by a device key, or by a passkey. One half makes the proof at the client, the
// other verifies it at the agent.
import { type Bytes, equal } from '../bytes.ts';
import { Refusal } from '../codes.ts';
import type { Cipher, SigningKey } from './cipher.ts';
import type { Mode } from './messages.ts';
import {
  type Assertion,
  type Attestation,
  createdCredentialId,
  type PairedPasskey,
  type ProvenPasskey,
  passkeyChallenge,
  verifyAssertion,
  verifyAttestation,
  type WebAuthnPins,
} from './passkey.ts';
import { type ProofElement, ProofKind } from './proof-element.ts';
import { type SignatureLabel, signatureInput, type Transcript } from './transcript.ts';

/** What the client proves its user with. */
export type Prover = { kind: 'device-key'; key: SigningKey } | PasskeyProver;

/** The page's navigator.credentials. Both ask the person for a gesture, which may be refused by throwing anything. */
export interface PasskeyProver {
  kind: 'passkey';
  /** Makes a credential under a user.id of its own, ES256 only. @param challenge 32 bytes, used as it is */
  create(challenge: Bytes, user: string): Promise<Attestation>;
  /** @param credentialIds the paired ones; empty where this client knows none, for a discoverable one */
  get(challenge: Bytes, credentialIds: readonly Bytes[]): Promise<Assertion>;
}

/** Learned in a pairing. */
export type PairedKey = { kind: 'device-key'; publicKey: Bytes } | PairedPasskey;

/** What a verified proof has shown; in pair mode what is to be paired. */
export type ProvenKey = { kind: 'device-key'; publicKey: Bytes } | ProvenPasskey;

export interface Paired {
  /** Those of this user for this desktop; in pair mode they do not matter, since the code is what counts. */
  keys: readonly PairedKey[];
  /** null where no passkey can be paired. */
  webauthn: WebAuthnPins | null;
}

const LABELS: Readonly<Record<Mode, SignatureLabel>> = { open: 'tw/proof/1', pair: 'tw/pair/1' };

/**
 * The client's part.
 * @param toUser the transcript up to and including the user
 * @param credentialId of the passkey that this client has paired, if it knows
 * @returns with the id of the passkey that was made, in pair mode
 * @throws PROOF_NOT_GIVEN if the person or the authenticator declined
 */
export async function makeProof(
  cipher: Cipher,
  mode: Mode,
  prover: Prover,
  who: { user: string; credentialId: Bytes | null },
  toUser: Transcript,
): Promise<{ element: ProofElement; credentialId: Bytes | null }> {
  const signed = await signatureInput(LABELS[mode], toUser);
  if (prover.kind === 'device-key') {
    const { publicKey } = prover.key;
    const signature = await prover.key.sign(signed);
    const element: ProofElement =
      mode === 'pair'
        ? { kind: ProofKind.newDeviceKey, publicKey, signature }
        : { kind: ProofKind.deviceKey, signature };
    return { element, credentialId: null };
  }
  const challenge = await passkeyChallenge(cipher, signed);
  if (mode === 'pair') {
    const attestation = await given(prover.create(challenge, who.user));
    return { element: { kind: ProofKind.newPasskey, ...attestation }, credentialId: createdCredentialId(attestation) };
  }
  const assertion = await given(prover.get(challenge, who.credentialId ? [who.credentialId] : []));
  return { element: { kind: ProofKind.passkey, ...assertion }, credentialId: assertion.credentialId };
}

async function given<T>(gesture: Promise<T>): Promise<T> {
  try {
    return await gesture;
  } catch {
    throw new Refusal('PROOF_NOT_GIVEN');
  }
}

/**
 * The agent's part.
 * @param element goes with the mode already
 * @param toUser as for makeProof
 * @throws USER_NOT_PAIRED, PROOF_WRONG, PROOF_NEEDS_PASSKEY, PROOF_CREDENTIAL_UNKNOWN, PROOF_PASSKEY_UNSUPPORTED,
 * PROOF_PASSKEY_WRONG, MALFORMED
 */
export async function verifyProof(
  cipher: Cipher,
  element: ProofElement,
  { keys, webauthn }: Paired,
  toUser: Transcript,
): Promise<ProvenKey> {
  const pairing = element.kind === ProofKind.newDeviceKey || element.kind === ProofKind.newPasskey;
  const signed = await signatureInput(LABELS[pairing ? 'pair' : 'open'], toUser);
  if (!pairing && keys.length === 0) throw new Refusal('USER_NOT_PAIRED');
  switch (element.kind) {
    case ProofKind.deviceKey:
      return verifyDeviceKey(cipher, keys, element.signature, signed);
    case ProofKind.passkey: {
      const paired = passkeysOf(keys).find(({ credentialId }) => equal(credentialId, element.credentialId));
      if (!paired) throw new Refusal('PROOF_CREDENTIAL_UNKNOWN');
      return verifyAssertion(cipher, supported(webauthn), paired, element, signed);
    }
    case ProofKind.newDeviceKey:
      if (!(await cipher.verify(element.publicKey, element.signature, signed))) throw new Refusal('PROOF_WRONG');
      return { kind: 'device-key', publicKey: element.publicKey };
    case ProofKind.newPasskey:
      return verifyAttestation(cipher, supported(webauthn), element, signed);
  }
}

/** A stolen device must not be enough where the user has chosen a key that asks for a gesture (T01). */
async function verifyDeviceKey(
  cipher: Cipher,
  keys: readonly PairedKey[],
  signature: Bytes,
  signed: Bytes,
): Promise<ProvenKey> {
  for (const key of keys) {
    if (key.kind !== 'device-key' || !(await cipher.verify(key.publicKey, signature, signed))) continue;
    // Said to the holder of a paired key alone; a stranger does not learn what is paired.
    if (passkeysOf(keys).length > 0) throw new Refusal('PROOF_NEEDS_PASSKEY');
    return key;
  }
  throw new Refusal('PROOF_WRONG');
}

const passkeysOf = (keys: readonly PairedKey[]): PairedPasskey[] => keys.filter((key) => key.kind === 'passkey');

function supported(webauthn: WebAuthnPins | null): WebAuthnPins {
  if (!webauthn) throw new Refusal('PROOF_PASSKEY_UNSUPPORTED');
  return webauthn;
}
