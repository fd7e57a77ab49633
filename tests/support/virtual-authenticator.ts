// A passkey provider in the browser, as a phone or a laptop has one: WebAuthn's own test interface of the browser, so that
// page and browser do everything themselves (W3C WebAuthn L3, §11 "User Agent Automation").
import type { Page } from 'playwright-core';

export interface HeldCredential {
  readonly credentialId: string;
  readonly rpId: string;
  readonly userHandle: string;
  readonly signCount: number;
}

export interface VirtualAuthenticator {
  credentials(): Promise<HeldCredential[]>;
  /** Whether finger or PIN are right from now on. */
  setUserVerified(isVerified: boolean): Promise<void>;
}

/** Belongs to this page; the user is always present. */
export async function addAuthenticator(page: Page): Promise<VirtualAuthenticator> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', automaticPresenceSimulation: true },
      ...{ hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
    },
  });
  return {
    async credentials() {
      const { credentials } = await devtools.send('WebAuthn.getCredentials', { authenticatorId });
      return credentials.map(({ credentialId, rpId = '', userHandle = '', signCount }) => ({
        ...{ credentialId, rpId, userHandle, signCount },
      }));
    },
    async setUserVerified(isUserVerified) {
      await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
    },
  };
}
