// A real browser's passkey as the proof to the agent: paired and used at the page, then asked for by others. The gateway is
// hostile in the last three: it has every power that the user's own sign-in has, and code of its own in the user's browser.
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustRun } from '#lab/process.ts';
import { type Bytes, fromBase64Url, toBase64Url } from '#protocol/bytes.ts';
import type { Assertion } from '#protocol/inner/passkey.ts';
import { DEFAULT_SUITE } from '#protocol/inner/suites.ts';
import { audited } from '#tests/support/audited.ts';
import { type Chromium, NEEDED_FOR_CHROMIUM, startChromium } from '#tests/support/chromium.ts';
import { connectInProcess, type InProcessClient } from '#tests/support/in-process-client.ts';
import { needs } from '#tests/support/need.ts';
import { useSystem } from '#tests/support/system.ts';
import { firstFrame, openAtPage, pairAtPage, pairWithCode, signInByCode } from '#tests/support/user-at-page.ts';
import { idle, renewFactor } from '#tests/support/watched-system.ts';
import { endOf } from '#web/core/ends.ts';
import { openDesktop } from '#web/core/open.ts';

describe.skipIf(!needs(...NEEDED_FOR_CHROMIUM))('a passkey in a real browser', () => {
  const up = useSystem(() => [{ name: 'pc-01', kind: 'office' }]);
  const desktop = () => up.system.desktops[0] as string;
  const agent = (...command: string[]) =>
    mustRun('agent/command.ts', [...command, '--socket', up.system.sockets.agent], undefined);

  let browser: Chromium;
  let page: Page;
  let person: { session: CDPSession; authenticator: string };
  beforeAll(async () => {
    const { ca, p12, p12Password } = up.tanaka;
    const certificates = { authority: ca, user: { p12, password: p12Password } };
    browser = await startChromium({ certificates, origins: [up.system.gateway] });
    page = await browser.context.newPage();
    person = await withAuthenticator(page);
    await signInByCode(page, up.system, up.tanaka);
  });
  afterAll(() => browser?.close());

  it('is made at the page with the office’s code', async () => {
    await pairAtPage(page, up.system, up.tanaka, desktop(), 'パスキー');
    await audited(up.system, 'agent', 'pairing-made', { user: 'tanaka', proof: 'passkey' });
    expect(await agent('pair', '--list')).toMatch(/パスキー \/ passkey \(localhost\)/);
  });

  it('opens the desktop, twice: its counter goes on', async () => {
    for (const opening of [1, 2]) {
      await openAtPage(page, desktop());
      await audited(up.system, 'agent', 'user-verified', { mode: 'open', proof: 'passkey' });
      await page.reload();
      await idle(up.system);
      expect(await signCount(), `opening ${opening}`).toBeGreaterThanOrEqual(opening);
    }
  });

  describe('asked for by a hostile gateway', () => {
    let gateway: InProcessClient;
    let pinned: { agentKey: Bytes; credentialId: Bytes };
    beforeAll(async () => {
      pinned = await pinOf(page);
      // Ends the sign-in at the page, which begins anew.
      await renewFactor(up.system, up.tanaka);
      gateway = await connectInProcess(up.system, up.tanaka);
      await page.goto(up.system.gateway);
    });
    afterAll(() => gateway?.close());

    /** The gateway plays the client towards the agent, and lets the user's browser make the proof. */
    async function steal(get: (challenge: Bytes) => Promise<Assertion>) {
      const prover = { kind: 'passkey', get, create: () => Promise.reject(new Error('not asked')) } as const;
      const opening = { suite: DEFAULT_SUITE, user: 'tanaka', desktop: desktop(), prover };
      try {
        (await openDesktop(gateway.around, opening, pinned)).socket.close('ENDED');
        return 'opened';
      } catch (error) {
        return endOf(error);
      } finally {
        await idle(up.system);
      }
    }
    const refused = { code: 'PASSKEY_PROOF_REFUSED', authentic: true };
    const auditedRefusal = (detail: string) =>
      audited(up.system, 'agent', 'handshake-refused', { reason: 'PROOF_PASSKEY_WRONG', detail });

    it('by the page’s own sign-in, as a signing oracle: the agent refuses what it gets (T19)', async () => {
      await makeDiscoverable();
      const stolen = (challenge: Bytes) => signInAsOracle(page, toBase64Url(challenge));
      expect(await steal(stolen)).toEqual(refused);
      await auditedRefusal('challenge');
    });

    it('by code that it serves at the page’s own origin: that is what nothing here survives (T04)', async () => {
      await page.goto(up.system.gateway);
      expect(await steal((challenge) => askedByCode(page, challenge, pinned.credentialId))).toBe('opened');
    });

    it('by code that it serves at another origin than the pinned page’s: the agent refuses it (T04)', async () => {
      const { key, certificate } = up.system.pki.files.gatewayServer;
      const elsewhere = await serveCode(readFileSync(key), readFileSync(certificate));
      try {
        // The browser lets it: the rpId is the host, and the host is the same.
        await page.goto(`https://localhost:${(elsewhere.address() as AddressInfo).port}`);
        expect(await steal((challenge) => askedByCode(page, challenge, pinned.credentialId))).toEqual(refused);
        await auditedRefusal('origin');
      } finally {
        elsewhere.close();
      }
    });
  });

  describe('where this browser knows its device key only', () => {
    let credentialId: string;
    beforeAll(async () => {
      await person.session.send('WebAuthn.clearCredentials', authenticatorId());
      await page.goto(up.system.gateway);
      await changePin(page, 'forget');
      await signInByCode(page, up.system, up.tanaka);
      await pairAtPage(page, up.system, up.tanaka, desktop());
      // As if the passkey had been added at another of the user's devices, and come here by itself.
      const added = await agent('pair', '--json', '--add', '--user', 'tanaka', '--desktop', desktop());
      await changePin(page, 'forget');
      await page.reload();
      await pairWithCode(page, desktop(), JSON.parse(added).code, 'パスキー');
      await changePin(page, 'without passkey');
      credentialId = await makeDiscoverable();
    });

    it('says that the desktop wants a passkey', async () => {
      await page.getByRole('button', { name: /^開く/ }).click();
      await page.getByText('このデスクトップにはパスキーが登録されています').waitFor();
      await audited(up.system, 'agent', 'handshake-refused', { reason: 'PROOF_NEEDS_PASSKEY' });
    });

    it('asks for it at the next try, and once more after the person called that off', async () => {
      const touches = (enabled: boolean) =>
        person.session.send('WebAuthn.setAutomaticPresenceSimulation', { ...authenticatorId(), enabled });
      await touches(false);
      const again = page.getByRole('button', { name: 'もう一度接続する' });
      await noteAsking(page);
      await again.click();
      await page.locator('html[data-asking]').waitFor({ state: 'attached' });
      await page.getByRole('button', { name: '中止', exact: true }).click();
      await again.waitFor();
      await touches(true);
      await again.click();
      await firstFrame(page);
      expect(await pinOf(page)).toMatchObject({ credentialId: fromBase64Url(credentialId) });
    });

    it('opens by it from then on', async () => {
      await page.reload();
      await idle(up.system);
      await openAtPage(page, desktop());
    });
  });

  const authenticatorId = () => ({ authenticatorId: person.authenticator });

  async function signCount(): Promise<number> {
    const { credentials } = await person.session.send('WebAuthn.getCredentials', authenticatorId());
    return credentials[0]?.signCount ?? 0;
  }

  /**
   * The page makes credentials that are not discoverable; some authenticators keep all of them so that they are.
   * @returns its id, base64url
   */
  async function makeDiscoverable(): Promise<string> {
    const { credentials } = await person.session.send('WebAuthn.getCredentials', authenticatorId());
    const [credential] = credentials;
    if (!credential) throw new Error('no credential');
    const { credentialId } = credential;
    expect(credential.isResidentCredential).toBe(false);
    await person.session.send('WebAuthn.removeCredential', { ...authenticatorId(), credentialId });
    const discoverable = { ...credential, isResidentCredential: true, rpId: 'localhost', userHandle: 'dGFuYWth' };
    await person.session.send('WebAuthn.addCredential', { ...authenticatorId(), credential: discoverable });
    return toBase64Url(Buffer.from(credentialId, 'base64'));
  }
});

/** A platform authenticator whose person always confirms. */
async function withAuthenticator(page: Page): Promise<{ session: CDPSession; authenticator: string }> {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { session, authenticator: authenticatorId };
}

/** What any code at the page's origin can read: the agent's public key and the credential's id, and no private key. */
async function pinOf(page: Page): Promise<{ agentKey: Bytes; credentialId: Bytes }> {
  const [agentKey = '', credentialId = ''] = await page.evaluate(
    () =>
      new Promise<string[]>((done, failed) => {
        const opening = indexedDB.open('telework');
        opening.onerror = () => failed(opening.error);
        opening.onsuccess = () => {
          const request = opening.result.transaction('pins').objectStore('pins').getAll();
          request.onsuccess = () => {
            opening.result.close();
            const [pin] = request.result;
            const text = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes)).replace(/=+$/, '');
            done([pin.agentKey, pin.credentialId].map(text).map((b) => b.replaceAll('+', '-').replaceAll('/', '_')));
          };
        };
      }),
  );
  return { agentKey: fromBase64Url(agentKey), credentialId: fromBase64Url(credentialId) };
}

/** What this browser knows of the one desktop: nothing any more, or the agent's key alone. */
async function changePin(page: Page, how: 'forget' | 'without passkey'): Promise<void> {
  await page.evaluate(
    (how) =>
      new Promise<void>((done, failed) => {
        const opening = indexedDB.open('telework');
        opening.onerror = () => failed(opening.error);
        opening.onsuccess = () => {
          const transaction = opening.result.transaction('pins', 'readwrite');
          const request = transaction.objectStore('pins').openCursor();
          request.onsuccess = () => {
            if (how === 'forget') request.result?.delete();
            else request.result?.update({ ...request.result.value, credentialId: null });
          };
          transaction.oncomplete = () => {
            opening.result.close();
            done();
          };
        };
      }),
    how,
  );
}

/** Marks the document once the browser has been asked for a passkey. */
async function noteAsking(page: Page): Promise<void> {
  await page.evaluate(() => {
    const { credentials } = navigator;
    const get = credentials.get.bind(credentials);
    credentials.get = (options) => {
      document.documentElement.dataset.asking = 'yes';
      return get(options);
    };
  });
}

interface Json {
  rawId: string;
  response: { authenticatorData: string; clientDataJSON: string; signature: string };
}

const assertionOf = ({ rawId, response }: Json): Assertion => ({
  credentialId: fromBase64Url(rawId),
  authenticatorData: fromBase64Url(response.authenticatorData),
  clientDataJson: fromBase64Url(response.clientDataJSON),
  signature: fromBase64Url(response.signature),
});

/** Changed code in the page. */
async function askedByCode(page: Page, challenge: Bytes, credentialId: Bytes): Promise<Assertion> {
  const json = await page.evaluate(
    async ([challenge, id]) => {
      const bytes = (numbers: number[]) => Uint8Array.from(numbers);
      const allowCredentials = [{ type: 'public-key' as const, id: bytes(id as number[]) }];
      const publicKey = {
        challenge: bytes(challenge as number[]),
        allowCredentials,
        userVerification: 'required' as const,
      };
      const credential = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
      return credential.toJSON();
    },
    [[...challenge], [...credentialId]],
  );
  return assertionOf(json as unknown as Json);
}

/** The page as it is, whose gateway answers with this nonce. */
async function signInAsOracle(page: Page, nonce: string): Promise<Assertion> {
  const { promise, resolve } = Promise.withResolvers<Json>();
  const json = (status: number, body: object) => ({
    status,
    contentType: 'application/json',
    body: JSON.stringify(body),
  });
  await page.route('**/api/sign-in/webauthn/options', (route) =>
    route.fulfill(json(200, { nonce, rpId: 'localhost', timeoutMs: 60_000 })),
  );
  await page.route('**/api/sign-in/webauthn', (route) => {
    resolve(route.request().postDataJSON().credential);
    return route.fulfill(json(401, { code: 'SIGN_IN_REFUSED' }));
  });
  await page.getByRole('button', { name: 'パスキーでサインイン' }).click();
  const credential = await promise;
  await page.unrouteAll();
  return assertionOf(credential);
}

function serveCode(key: Buffer, cert: Buffer): Promise<Server> {
  const server = createServer({ key, cert }, (_, answer) => answer.end('<!doctype html><title>elsewhere</title>'));
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
}
