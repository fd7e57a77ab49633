// The transcript: everything that was said so far, in order. Each element has its length (u32) in front, so that two
// different conversations never have the same bytes. Never changed: each step makes a longer one.
//
//   hello ‖ answer ‖ agent key ‖ agent signature ‖ agent Finished ‖ user id ‖ proof ‖ client Finished
//           │        │           │                                  │         │       └─ session secrets
//           │        │           └─ agent Finished                  │         └─ client Finished
//           │        └─ agent signature                             └─ proof
//           └─ handshake secrets
import { type Bytes, concat, utf8, Writer } from '../bytes.ts';
import type { Cipher } from './cipher.ts';
import type { MaybePromise } from './maybe-promise.ts';

export class Transcript {
  readonly #cipher: Cipher;
  readonly #said: Bytes;

  constructor(cipher: Cipher, said: Bytes = new Uint8Array(0)) {
    this.#cipher = cipher;
    this.#said = said;
  }

  with(element: Bytes): Transcript {
    return new Transcript(this.#cipher, new Writer().bytes(this.#said).u32(element.length).bytes(element).done());
  }

  /** @returns SHA-256, 32 bytes */
  hash(): MaybePromise<Bytes> {
    return this.#cipher.sha256(this.#said);
  }
}

/** tw/agent/1: the agent. tw/proof/1: a paired key. tw/pair/1: a key that is to be paired. */
export type SignatureLabel = 'tw/agent/1' | 'tw/proof/1' | 'tw/pair/1';

/**
 * What a signature signs (RFC 8446 §4.4.3): the label keeps one signature from passing for another, the 64 spaces keep
 * all of them from passing for a signature of another protocol.
 */
export async function signatureInput(label: SignatureLabel, transcript: Transcript): Promise<Bytes> {
  return concat(new Uint8Array(64).fill(0x20), utf8(label), Uint8Array.of(0), await transcript.hash());
}
