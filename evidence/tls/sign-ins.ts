// People of these proofs: a user with certificate and one-time code, an administrator with an activation code, and somebody else.
import { generate } from 'otplib';
import { MUNICIPALITY } from '#lab/system.ts';
import { type Certified, certificatesOf } from './cases.ts';
import type { Ground } from './ground.ts';
import { type ListenerName, portOf } from './listeners.ts';
import { show } from './show.ts';

/** A certificate without fault, of somebody else. */
export const another = (ground: Ground, kind: 'user' | 'admin'): Certified =>
  certificatesOf(ground, kind, 'client', [], 'another').good;

export interface SignedIn {
  readonly certificate: Certified;
  /** NAME=VALUE */
  readonly cookie: string;
}

/** With certificate and one-time code. */
export async function signInUser(ground: Ground): Promise<SignedIn> {
  const who = ['--municipality', MUNICIPALITY, '--user', 'probe'];
  await ground.admin('user', 'add', ...who, '--name', '検査');
  const { uri } = await ground.admin('totp', 'enrol', ...who);
  const secret = new URL(String(uri)).searchParams.get('secret') ?? '';
  const certificate = certificatesOf(ground, 'user', 'client').good;
  const code = await generate({ secret, epoch: Math.floor(Date.now() / 1000) });
  return { certificate, cookie: await signIn(ground, 'users', certificate, '/api/sign-in/totp', code) };
}

/** With certificate and activation code: may set up a second factor, and nothing else. */
export async function signInAdministrator(ground: Ground): Promise<SignedIn> {
  await ground.admin('administrator', 'add', '--name', 'probe');
  const { code } = await ground.admin('administrator', 'activate', '--name', 'probe');
  const certificate = certificatesOf(ground, 'admin', 'client').good;
  const cookie = await signIn(ground, 'administration', certificate, '/api/sign-in/recovery', String(code));
  return { certificate, cookie };
}

async function signIn(
  ground: Ground,
  listener: ListenerName,
  certificate: Certified,
  path: string,
  code: string,
): Promise<string> {
  const port = portOf(ground, listener);
  const asked = { method: 'POST', path, body: { code }, headers: { origin: `https://localhost:${port}` } };
  const { status, headers, error } = await show(port, certificate, asked);
  const cookie = headers['set-cookie']?.split(';')[0];
  if (status !== 200 || !cookie) throw new Error(`${path} at ${listener}: ${status ?? error}`);
  return cookie;
}
