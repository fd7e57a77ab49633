// The product has no way to print a key. The run's own client is given this cipher instead of the bare one: it does the same
// and remembers the keys, the secrets they came from, and under which nonce each was used.
import type { Bytes } from '#protocol/bytes.ts';
import type { Aead, Cipher } from '#protocol/inner/cipher.ts';
import { after } from '#protocol/inner/maybe-promise.ts';

/** One AES-256-GCM key, as often as the product made one of it. */
export interface RecordedKey {
  /** 32 bytes */
  readonly key: Bytes;
  /** Sequence numbers, which are the nonces, in the order of use. */
  readonly sealed: number[];
  /** Of records that were authentic. */
  readonly opened: number[];
}

export interface Recording {
  readonly cipher: Cipher;
  readonly keys: readonly RecordedKey[];
  /** Of ECDH and of ML-KEM, 32 bytes each. */
  readonly shared: readonly Bytes[];
  /** What was sealed and opened from now on, or null. */
  onPlaintext: ((direction: 'sealed' | 'opened', plaintext: Bytes) => void) | null;
}

export function recordingCipher(base: Cipher): Recording {
  const keys: RecordedKey[] = [];
  const shared: Bytes[] = [];
  const secret = (bytes: Bytes): Bytes => {
    shared.push(bytes.slice());
    return bytes;
  };
  const recording: Recording = {
    keys,
    shared,
    onPlaintext: null,
    cipher: {
      ...base,
      aead(key) {
        const recorded: RecordedKey = { key: key.slice(), sealed: [], opened: [] };
        keys.push(recorded);
        return after(base.aead(key), (aead): Aead => recordingAead(aead, recorded, recording));
      },
      async ecdh(curve) {
        const pair = await base.ecdh(curve);
        return { ...pair, agree: async (share) => secret(await pair.agree(share)) };
      },
      async kem() {
        const pair = await base.kem();
        return { ...pair, decapsulate: async (ciphertext) => secret(await pair.decapsulate(ciphertext)) };
      },
      async encapsulate(encapsulationKey) {
        const made = await base.encapsulate(encapsulationKey);
        return { ...made, secret: secret(made.secret) };
      },
    },
  };
  return recording;
}

function recordingAead(aead: Aead, recorded: RecordedKey, recording: Recording): Aead {
  return {
    seal(sequence, aad, plaintext, header) {
      recorded.sealed.push(sequence);
      recording.onPlaintext?.('sealed', new Uint8Array(plaintext));
      return aead.seal(sequence, aad, plaintext, header);
    },
    open: (sequence, aad, sealed) =>
      after(aead.open(sequence, aad, sealed), (plaintext) => {
        recorded.opened.push(sequence);
        recording.onPlaintext?.('opened', plaintext.slice());
        return plaintext;
      }),
  };
}
