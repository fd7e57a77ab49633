// A page with a passkey authenticator in front of a test gateway, request by request.
import type { TlsFiles } from '#platform/hop/tls.ts';
import { challengeOf, type SoftAuthenticator, type Wrong } from './authenticator.ts';
import type { Answered, AskOptions, TestGateway } from './gateway.ts';

/** A request of a page, which says where it comes from. */
export function askFromPage(
  test: TestGateway,
  tls: TlsFiles,
  path: string,
  body: object | undefined,
  options: AskOptions & { origin?: string } = {},
): Promise<Answered> {
  const { origin = test.origin, headers = {}, ...rest } = options;
  const method = body === undefined ? 'GET' : 'POST';
  return test.ask(tls, path, { method, body, ...rest, headers: { origin, ...headers } });
}

/** Registers a passkey of the authenticator over a signed-in session. */
export async function addPasskey(
  test: TestGateway,
  tls: TlsFiles,
  authenticator: SoftAuthenticator,
  options: AskOptions & { origin?: string; wrong?: Wrong } = {},
): Promise<Answered> {
  const { wrong = {}, ...visit } = options;
  const begun = await askFromPage(test, tls, '/api/factors/webauthn/options', {}, visit);
  if (begun.status !== 200) return begun;
  const { nonce, userHandle } = begun.json ?? {};
  const credential = authenticator.create(challengeOf(nonce), Buffer.from(String(userHandle), 'base64url'), wrong);
  return askFromPage(test, tls, '/api/factors/webauthn', { nonce, name: '職場の鍵', credential }, visit);
}

export async function passkeySignIn(
  test: TestGateway,
  tls: TlsFiles,
  authenticator: SoftAuthenticator,
  options: AskOptions & { origin?: string; wrong?: Wrong; password?: string } = {},
): Promise<Answered> {
  const { wrong = {}, password, ...visit } = options;
  const { json } = await askFromPage(test, tls, '/api/sign-in/webauthn/options', {}, visit);
  const credential = authenticator.get(challengeOf(json?.nonce), wrong);
  return askFromPage(test, tls, '/api/sign-in/webauthn', { nonce: json?.nonce, credential, password }, visit);
}

export function cookieOf({ headers }: Answered): string {
  return String(headers['set-cookie']).split(';')[0] ?? '';
}
