// The administrators' listener of a gateway in this process, and administrators who are signed in at it.
import { generate } from 'otplib';
import type { TlsFiles } from '#platform/hop/tls.ts';
import { type Answered, type AskOptions, askAt, openGateway, type TestGateway } from './gateway.ts';
import { type DemoPki, demoPki } from './pki.ts';

export type Who = keyof DemoPki['administrators'];

export interface TestAdministration extends TestGateway {
  /** https://localhost:port of the administrators' listener */
  adminOrigin: string;
  /** Sends one request to that listener. */
  askAdmin(tls: TlsFiles | null, path: string, options?: AskOptions): Promise<Answered>;
  /** Adds the administrator and gives a second factor. @returns makes the current code */
  employ(who: Who): Promise<() => Promise<string>>;
  /** Signs in, at a fresh step. @returns the cookie */
  signInAs(who: Who, code: () => Promise<string>): Promise<string>;
  /** One action at the page's door, by who is signed in. */
  act(who: Who, cookie: string, action: string, body?: object, headers?: Record<string, string>): Promise<Answered>;
}

export async function openAdministered(
  options: { brokerPort?: number; pki?: DemoPki } = {},
): Promise<TestAdministration> {
  const pki = options.pki ?? (await demoPki());
  const gateway = await openGateway({ ...options, pki, administration: { tls: pki.administration } });
  const port = gateway.gateway.administrationPort;
  if (port === null) throw new Error('no administration listener');
  const adminOrigin = `https://localhost:${port}`;
  const askAdmin: TestAdministration['askAdmin'] = (tls, path, asked) => askAt(port, pki, tls, path, asked);

  return {
    ...{ ...gateway, adminOrigin, askAdmin },
    async employ(who) {
      await gateway.admin('administrator.add', { name: who, municipality: who === 'mori' ? '132012' : '-' });
      const uri = await gateway.totpOf({ municipality: '-', user: who });
      const secret = new URL(uri).searchParams.get('secret') ?? '';
      return () => generate({ secret, epoch: Math.floor(gateway.now() / 1000) });
    },
    async signInAs(who, code) {
      gateway.pass(30_000); // a code is good once
      const answer = await askAdmin(pki.administrators[who], '/api/sign-in/totp', {
        ...{ method: 'POST', body: { code: await code() }, headers: { origin: adminOrigin } },
      });
      if (answer.status !== 200) throw new Error(`not signed in: ${answer.text}`);
      return String(answer.headers['set-cookie']).split(';')[0] ?? '';
    },
    act: (who, cookie, action, body = {}, headers = { origin: adminOrigin }) =>
      askAdmin(pki.administrators[who], `/api/administration/${action}`, { method: 'POST', cookie, body, headers }),
  };
}
