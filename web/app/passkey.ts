// The browser's own WebAuthn, as the ceremonies with the gateway want it (web/core/gateway-ceremony.ts).
import type { Authenticator } from '#web/core/gateway-ceremony.ts';
import type { Bilingual } from './language.ts';
import { PASSKEY_TROUBLE } from './texts/sign-in.ts';

export const passkeysAreThere = (): boolean => 'PublicKeyCredential' in globalThis;

export const authenticator: Authenticator = {
  get: async (publicKey) => asJson(await navigator.credentials.get({ publicKey })),
  create: async (publicKey) => asJson(await navigator.credentials.create({ publicKey })),
};

function asJson(credential: Credential | null): object {
  if (!(credential instanceof PublicKeyCredential)) throw new DOMException('no credential', 'NotAllowedError');
  return credential.toJSON();
}

/** Why there is no passkey, for what the browser itself refused; the user may only have changed their mind. */
export function passkeyTrouble(error: unknown): Bilingual | null {
  if (!(error instanceof DOMException)) return null;
  if (error.name === 'InvalidStateError') return PASSKEY_TROUBLE.already;
  return error.name === 'SecurityError' ? PASSKEY_TROUBLE.place : PASSKEY_TROUBLE.notDone;
}
