// The two suites. Each is a hybrid of a classical and a post-quantum key exchange; everything else is the same in both:
// HKDF-SHA-256, ECDSA P-256 with SHA-256, AES-256-GCM. A hello names one suite and carries one share: no negotiation.

export const Suite = { p256: 1, x25519: 2 } as const;
export type Suite = (typeof Suite)[keyof typeof Suite];

export type Curve = 'P-256' | 'X25519';

export interface SuiteParameters {
  readonly name: string;
  readonly curve: Curve;
}

export const SUITES: Readonly<Record<Suite, SuiteParameters>> = {
  [Suite.p256]: { name: 'P256-MLKEM768-AES256GCM', curve: 'P-256' },
  [Suite.x25519]: { name: 'X25519-MLKEM768-AES256GCM', curve: 'X25519' },
};

export const DEFAULT_SUITE: Suite = Suite.p256;

/** Public share: an uncompressed point (SEC 1 §2.3.3), or a u-coordinate (RFC 7748 §5). */
export const SHARE_BYTES: Readonly<Record<Curve, number>> = { 'P-256': 65, X25519: 32 };

// ML-KEM-768 (FIPS 203 §8, table 3)
export const ENCAPSULATION_KEY_BYTES = 1184;
export const CIPHERTEXT_BYTES = 1088;

// ECDSA P-256: uncompressed point; r ‖ s (IEEE P1363)
export const PUBLIC_KEY_BYTES = 65;
export const SIGNATURE_BYTES = 64;

/** SHA-256, every secret of the schedule, both shared secrets and the AES-256 key. */
export const SECRET_BYTES = 32;

export function suiteFromWire(value: number): Suite | null {
  return value === Suite.p256 || value === Suite.x25519 ? value : null;
}
