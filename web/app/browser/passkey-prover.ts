// A passkey as the proof to the agent. The challenge comes from web/core and is bound to the session's transcript; the
// credential is another one than that of the sign-in, under a user handle of its own.
import type { PasskeyProver } from '#web/core/open.ts';

/** A person has to find the passkey; the agent waits a minute. */
const GESTURE_MAX_MS = 55_000;
const ES256 = -7;
const USER_HANDLE_BYTES = 32;

/**
 * @param where says to the person what the passkey is for: the desktop's name
 * @param signal takes the browser's prompt away: while one is there, browsers refuse another
 */
export function passkeyProver(where: string, signal: AbortSignal): PasskeyProver {
  return {
    kind: 'passkey',
    async create(challenge, user) {
      const credential = await navigator.credentials.create({
        signal,
        publicKey: {
          challenge,
          rp: { name: where },
          user: {
            id: crypto.getRandomValues(new Uint8Array(USER_HANDLE_BYTES)),
            name: `${user} – ${where}`,
            displayName: `${user} – ${where}`,
          },
          pubKeyCredParams: [{ type: 'public-key', alg: ES256 }],
          // Found by its id, which the pin holds; discoverable it would be offered at the sign-in, where it is of no use.
          authenticatorSelection: { userVerification: 'required', residentKey: 'discouraged' },
          attestation: 'none',
          timeout: GESTURE_MAX_MS,
        },
      });
      const { response } = publicKeyCredential(credential);
      if (!(response instanceof AuthenticatorAttestationResponse)) throw new TypeError('no attestation');
      return {
        authenticatorData: new Uint8Array(response.getAuthenticatorData()),
        clientDataJson: new Uint8Array(response.clientDataJSON),
      };
    },
    async get(challenge, credentialIds) {
      const credential = await navigator.credentials.get({
        signal,
        publicKey: {
          challenge,
          allowCredentials: credentialIds.map((id) => ({ type: 'public-key' as const, id })),
          userVerification: 'required',
          timeout: GESTURE_MAX_MS,
        },
      });
      const { rawId, response } = publicKeyCredential(credential);
      if (!(response instanceof AuthenticatorAssertionResponse)) throw new TypeError('no assertion');
      return {
        credentialId: new Uint8Array(rawId),
        authenticatorData: new Uint8Array(response.authenticatorData),
        clientDataJson: new Uint8Array(response.clientDataJSON),
        signature: new Uint8Array(response.signature),
      };
    },
  };
}

function publicKeyCredential(credential: Credential | null): PublicKeyCredential {
  if (!(credential instanceof PublicKeyCredential)) throw new TypeError('no credential');
  return credential;
}
