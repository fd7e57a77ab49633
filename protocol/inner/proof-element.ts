// The proof as it stands in the transcript: one byte says the kind. Shape only; proof.ts verifies.
//
//   open   1  device key    signature 64
//          2  passkey       credential id vector, authenticator data vector, client data vector, signature vector
//   pair   3  device key    public key 65, signature 64
//          4  passkey       authenticator data vector, client data vector
import { type Bytes, Reader, Writer } from '../bytes.ts';
import { Refusal } from '../codes.ts';
import { AUTHENTICATOR_DATA_MAX_BYTES, CLIENT_DATA_MAX_BYTES } from '../limits.ts';
import { readCredentialId } from './authenticator-data.ts';
import type { Mode } from './messages.ts';
import type { Assertion, Attestation } from './passkey.ts';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from './suites.ts';

/** ECDSA-Sig-Value of P-256: a sequence of two integers of at most 33 bytes. */
const DER_SIGNATURE_MAX_BYTES = 72;

export const ProofKind = { deviceKey: 1, passkey: 2, newDeviceKey: 3, newPasskey: 4 } as const;

export type ProofElement =
  | { kind: typeof ProofKind.deviceKey; signature: Bytes }
  | ({ kind: typeof ProofKind.passkey } & Assertion)
  | { kind: typeof ProofKind.newDeviceKey; publicKey: Bytes; signature: Bytes }
  | ({ kind: typeof ProofKind.newPasskey } & Attestation);

const KINDS_OF: Readonly<Record<Mode, readonly number[]>> = {
  open: [ProofKind.deviceKey, ProofKind.passkey],
  pair: [ProofKind.newDeviceKey, ProofKind.newPasskey],
};

export function encodeProofElement(element: ProofElement): Bytes {
  const writer = new Writer().u8(element.kind);
  switch (element.kind) {
    case ProofKind.deviceKey:
      return writer.bytes(element.signature).done();
    case ProofKind.passkey:
      writer.vector(element.credentialId).vector(element.authenticatorData).vector(element.clientDataJson);
      return writer.vector(element.signature).done();
    case ProofKind.newDeviceKey:
      return writer.bytes(element.publicKey).bytes(element.signature).done();
    case ProofKind.newPasskey:
      return writer.vector(element.authenticatorData).vector(element.clientDataJson).done();
  }
}

/** @throws MALFORMED, MESSAGE_UNEXPECTED for a kind that does not go with the mode */
export function decodeProofElement(bytes: Bytes, mode: Mode): ProofElement {
  const reader = new Reader(bytes, 'proof');
  const kind = reader.u8();
  if (!KINDS_OF[mode].includes(kind)) {
    throw new Refusal('MESSAGE_UNEXPECTED', `a proof of kind ${kind} in mode ${mode}`);
  }
  const element = readElement(reader, kind as ProofElement['kind']);
  reader.end();
  return element;
}

function readElement(reader: Reader, kind: ProofElement['kind']): ProofElement {
  switch (kind) {
    case ProofKind.deviceKey:
      return { kind, signature: reader.bytes(SIGNATURE_BYTES) };
    case ProofKind.passkey:
      return {
        kind,
        credentialId: readCredentialId(reader),
        authenticatorData: reader.vector(AUTHENTICATOR_DATA_MAX_BYTES),
        clientDataJson: reader.vector(CLIENT_DATA_MAX_BYTES),
        signature: reader.vector(DER_SIGNATURE_MAX_BYTES),
      };
    case ProofKind.newDeviceKey:
      return { kind, publicKey: reader.bytes(PUBLIC_KEY_BYTES), signature: reader.bytes(SIGNATURE_BYTES) };
    case ProofKind.newPasskey:
      return {
        kind,
        authenticatorData: reader.vector(AUTHENTICATOR_DATA_MAX_BYTES),
        clientDataJson: reader.vector(CLIENT_DATA_MAX_BYTES),
      };
  }
}
