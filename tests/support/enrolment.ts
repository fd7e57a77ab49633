// A user's device and an authority around the gateway of one test: the real client functions over the real listener.
import { makeLeafCertificate, type Signer } from '#certs/certificate.ts';
import { DAY_MS } from '#certs/profile.ts';
import { openTransport, type Transport } from '#client-sim/transport.ts';
import type { UserId } from '#gateway/users.ts';
import { readSigner } from '#lab/odd-certificates.ts';
import { loadTrustOnly } from '#platform/hop/tls-files.ts';
import type { UserKey } from '#web/core/enrolment.ts';
import { type Answered, type AskOptions, askAt, type TestGateway } from './gateway.ts';

export interface EnrolmentDesk {
  /** As the headless client asks. */
  device: Transport;
  /** Whatever else a stranger could send. */
  ask(path: string, options?: AskOptions): Promise<Answered>;
  /** Creates the user unless there is one, and hands out a code. */
  codeFor(id: UserId): Promise<string>;
  /** What the authority's operator does. @returns PEM */
  certify(key: Pick<UserKey, 'publicKey'>, id: UserId): string;
  close(): void;
}

export function openDesk(test: TestGateway): EnrolmentDesk {
  const port = test.gateway.enrolmentPort ?? 0;
  const { authorities, revocations } = test.pki.users.tanaka;
  const device = openTransport(new URL(`https://localhost:${port}`), loadTrustOnly({ authorities, revocations }));
  return {
    device,
    ask: (path, options) => askAt(port, test.pki, null, path, { method: 'POST', ...options }),
    async codeFor(id) {
      await test.admin('user.add', { ...id, name: '試験' }).catch(() => {});
      return String((await test.admin('enrolment.code', { ...id })).code);
    },
    certify: ({ publicKey }, id) => certified(readSigner(test.pki.dir, 'user'), publicKey, id),
    close: () => device.close(),
  };
}

/** By the PKI's authority, without its index: other test files use it too. */
export function certified(signer: Signer, publicKey: string, { municipality, user }: UserId): string {
  const identity = { kind: 'user', municipality, name: user } as const;
  const names = { identity, role: 'client', commonName: user, hosts: [] } as const;
  return makeLeafCertificate(signer, publicKey, names, Date.now(), Date.now() + 365 * DAY_MS).pem;
}
