// Users of the systems that this topic looks at. They are enrolled by the product's own authority and local sockets, without
// the commands around them: a dozen users by commands would take longer than all that is observed.
import { generate } from 'otplib';
import { Authority, makeKey } from '#certs/authority.ts';
import { openTransport, type Transport } from '#client-sim/transport.ts';
import { MUNICIPALITY, type System } from '#lab/system.ts';
import { type LoadedTls, loadTlsOf } from '#platform/hop/tls-files.ts';
import { callLocal } from '#platform/process/local-call.ts';
import { fromBase64Url } from '#protocol/bytes.ts';
import type { SigningKey } from '#protocol/inner/cipher.ts';
import { importSigningKey, newSigningKeyPem, nodeCipher } from '#protocol/inner/cipher-node.ts';
import { DEFAULT_SUITE } from '#protocol/inner/suites.ts';
import type { DataSocket } from '#protocol/outer/data-socket.ts';
import { type SignedIn, signInWithTotp } from '#web/core/gateway-api.ts';
import { type Opening, type Pinned, pairDevice, type Surroundings } from '#web/core/open.ts';

const DAY_MS = 86_400_000;

export interface User {
  readonly user: string;
  readonly serial: string;
  /** When the certificate runs out, ms since 1970. */
  readonly notAfter: number;
  readonly pem: { key: string; certificate: string };
  readonly tls: LoadedTls;
  readonly deviceKeyPem: string;
  readonly deviceKey: SigningKey;
}

/** One key for all of them: the certificates differ, and making a key takes longer than anything else here. */
let keyOfAll: ReturnType<typeof makeKey> | null = null;

/** Certified for `lifeMs`, and known to the gateway. */
export async function enrolUser(system: System, user: string, lifeMs = 30 * DAY_MS): Promise<User> {
  keyOfAll ??= makeKey();
  const { publicKey, privateKey } = await keyOfAll;
  const identity = { kind: 'user' as const, municipality: MUNICIPALITY, name: user };
  const authority = new Authority(system.pki.dir, 'user');
  const names = { identity, role: 'client' as const, commonName: user, hosts: [] };
  const { pem, serial, notAfter } = authority.issue(publicKey, names, lifeMs / DAY_MS, Date.now());
  const pair = { key: privateKey, certificate: pem };
  const deviceKeyPem = newSigningKeyPem();
  await callLocal(system.sockets.admin, 'user.add', { municipality: MUNICIPALITY, user, name: user });
  return {
    ...{ user, serial, notAfter, pem: pair, deviceKeyPem },
    tls: loadTlsOf(pair, system.pki.files.user, { key: `${user}.key`, certificate: `${user}.cert` }),
    deviceKey: importSigningKey(deviceKeyPem),
  };
}

/** Sets a second factor up. @returns its otpauth URI */
export async function enrolFactor({ sockets }: System, { user }: User): Promise<string> {
  const answer = await callLocal(sockets.admin, 'totp.enrol', { municipality: MUNICIPALITY, user });
  return (answer as { uri: string }).uri;
}

export interface Visitor {
  readonly transport: Transport;
  readonly signedIn: SignedIn;
  readonly around: Surroundings;
}

/** Signs the user in, with a second factor made for this once. */
export async function signIn(
  system: System,
  user: User,
  helped: (honest: DataSocket) => DataSocket = (honest) => honest,
): Promise<Visitor> {
  const secret = new URL(await enrolFactor(system, user)).searchParams.get('secret') ?? '';
  const transport = openTransport(new URL(system.gateway), user.tls);
  const around: Surroundings = {
    request: transport.request,
    dial: async () => helped(await transport.dial()),
    cipher: nodeCipher,
    now: () => performance.now(),
    after(ms, callback) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
  };
  try {
    const code = await generate({ secret, epoch: Math.floor(Date.now() / 1000) });
    return { transport, around, signedIn: await signInWithTotp(around.request, code) };
  } catch (error) {
    transport.close();
    throw error;
  }
}

/** Entitles the user to the desktop and pairs the device, as the two administrators and the user do. */
export async function admit(
  system: System,
  agentSocket: string,
  user: User,
  { around }: Visitor,
  desktop: string,
): Promise<{ opening: Opening; pinned: Pinned }> {
  const { sockets } = system;
  await callLocal(sockets.admin, 'entitlement.add', { municipality: MUNICIPALITY, user: user.user, desktop });
  const { code } = await issueCode(agentSocket, user, desktop);
  const prover = { kind: 'device-key' as const, key: user.deviceKey };
  const opening: Opening = { suite: DEFAULT_SUITE, user: user.user, desktop, prover };
  return { opening, pinned: await pairDevice(around, opening, code) };
}

/** A pairing code, and the key of the agent's that a client pins by it. */
export async function issueCode(agentSocket: string, { user }: User, desktop: string) {
  const issued = await callLocal(agentSocket, 'pair', { user, desktop, add: false });
  const { code, agentKey } = issued as { code: string; agentKey: string };
  return { code, agentKey: fromBase64Url(agentKey) };
}
