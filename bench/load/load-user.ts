// One user of the load: certificate, second factor, cookie, device key and pins of a real client (client-sim, web/core).
import { join } from 'node:path';
import { deviceKey, pinOf, readCertified } from '#client-sim/credentials.ts';
import { oneTimeCode } from '#client-sim/one-time-code.ts';
import { openTransport, type Transport, type Way } from '#client-sim/transport.ts';
import { Failure } from '#platform/process/exit.ts';
import type { SigningKey } from '#protocol/inner/cipher.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { DEFAULT_SUITE } from '#protocol/inner/suites.ts';
import { RefusedByGateway } from '#web/core/ends.ts';
import { listDesktops, signInWithTotp } from '#web/core/gateway-api.ts';
import { type OpenedSession, openDesktop, type Surroundings } from '#web/core/open.ts';

/** Beside what client-sim keeps: the otpauth URI, since no person sits here to type a code. */
export const TOTP_FILE = 'totp.uri';

export class LoadUser {
  readonly name: string;
  readonly #folder: string;
  readonly #key: SigningKey;
  readonly #transport: Transport;
  readonly around: Surroundings;

  /**
   * @param folder credentials as client-sim keeps them, and TOTP_FILE
   * @throws Failure naming the file that is missing or wrong
   */
  constructor(gateway: URL, folder: string, way: Way) {
    const { identity, tls } = readCertified(folder, null, Date.now());
    this.name = identity.name;
    this.#folder = folder;
    this.#key = deviceKey(folder, false);
    this.#transport = openTransport(gateway, tls, way);
    this.around = {
      request: this.#transport.request,
      dial: this.#transport.dial,
      cipher: nodeCipher,
      now: () => performance.now(),
      after(ms, callback) {
        const timer = setTimeout(callback, ms);
        return () => clearTimeout(timer);
      },
    };
  }

  /** A code is taken once, and whoever used the current one a moment ago gets the one before. @throws RefusedByGateway */
  async signIn(): Promise<void> {
    const code = (ageSeconds: number) =>
      oneTimeCode({ otp: undefined, uriFile: join(this.#folder, TOTP_FILE), ageSeconds }, Date.now());
    try {
      await signInWithTotp(this.around.request, await code(30));
    } catch (error) {
      if (!(error instanceof RefusedByGateway) || error.code !== 'SIGN_IN_REFUSED') throw error;
      await signInWithTotp(this.around.request, await code(0));
    }
  }

  /** The first desktop that this device is paired with. @throws Failure if there is none, and as web/core's openDesktop */
  async open(): Promise<OpenedSession> {
    for (const { desktop } of await listDesktops(this.around.request)) {
      const pinned = pinOf(this.#folder, desktop);
      if (!pinned) continue;
      const prover = { kind: 'device-key', key: this.#key } as const;
      const opening = { suite: DEFAULT_SUITE, user: this.name, desktop, prover };
      return openDesktop(this.around, opening, { agentKey: pinned, credentialId: null });
    }
    throw new Failure(`${this.name} is paired with none of the desktops that the gateway lists`);
  }

  close(): void {
    this.#transport.close();
  }
}
