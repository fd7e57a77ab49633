// Forms that bodies of several routes have in common.
import * as z from 'zod';

export const nothing = z.strictObject({});

/** base64url of 32 bytes */
export const nonce = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/** PublicKeyCredential.toJSON(). Looked at by webauthn.ts, so that a malformed one counts as a failed try. */
export const credential = z.record(z.string(), z.unknown());
