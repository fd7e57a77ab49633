// A user's device and an authority around the gateway of one test: the real client functions over the real listener.
import { request as httpsRequest } from 'node:https';
import { makeLeafCertificate, type Signer } from '#certs/certificate.ts';
import { DAY_MS } from '#certs/profile.ts';
import { openTransport, type Transport } from '#client-sim/transport.ts';
import type { UserId } from '#gateway/users.ts';
import { loadTrustOnly } from '#platform/hop/tls-files.ts';
import type { UserKey } from '#web/core/enrolment.ts';
import { type Answered, type AskOptions, type TestGateway, trusting } from './gateway.ts';
import { readSigner } from './odd-certificates.ts';

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
    ask: (path, { method = 'POST', body, headers = {} } = {}) =>
      new Promise((resolve, reject) => {
        const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
        const outgoing = httpsRequest(
          {
            ...trusting(test.pki),
            ...{ host: '127.0.0.1', port, path, method, agent: false },
            headers: { ...(text === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
          },
          async (incoming) => {
            const chunks: Buffer[] = [];
            for await (const chunk of incoming) chunks.push(chunk as Buffer);
            const answer = Buffer.concat(chunks).toString();
            const isJson = incoming.headers['content-type']?.startsWith('application/json') ?? false;
            const json = isJson && answer ? JSON.parse(answer) : null;
            resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text: answer, json });
          },
        );
        outgoing.on('error', reject);
        outgoing.end(text);
      }),
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
