// One whole session of a user of these proofs: enrolled, entitled, paired, connected by the real headless client.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun, run } from '#lab/process.ts';
import { MUNICIPALITY } from '#lab/system.ts';
import type { Ground } from './ground.ts';
import { another } from './sign-ins.ts';

const USER = 'another';

/** @returns what the client says of it, as JSON. @throws Error with the client's own line */
export async function oneSession(ground: Ground, signal: AbortSignal): Promise<{ signedIn: string; desktop: string }> {
  const { system, primitives } = ground;
  const [desktop = ''] = system.desktops;
  const folder = join(system.folder, 'client', USER);
  const who = ['--municipality', MUNICIPALITY, '--user', USER];
  const { privateKey, cert } = another(ground, 'user');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, 'user.key.pem'), privateKey, { mode: 0o600 });
  writeFileSync(join(folder, 'user.cert.pem'), cert);
  cpSync(system.pki.files.user.authorities, join(folder, 'gateway-ca.pem'));
  cpSync(system.pki.files.user.revocations, join(folder, 'gateway-crl.pem'));

  await ground.admin('user', 'add', ...who, '--name', '検査');
  const { uri } = await ground.admin('totp', 'enrol', ...who);
  writeFileSync(join(folder, 'totp.uri'), `${uri}\n`, { mode: 0o600 });
  await ground.admin('entitlement', 'add', ...who, '--desktop', desktop);
  const pair = ['pair', '--json', '--socket', system.sockets.agent, '--user', USER, '--desktop', desktop];
  const { code } = JSON.parse(await mustRun('agent/command.ts', pair, signal));

  const connect = [
    ...['--json', '--user', USER, '--gateway', system.gateway, '--credentials', folder, '--desktop', desktop],
    ...['--totp-uri', join(folder, 'totp.uri'), '--pair-code', code, '--type', 'evidence'],
  ];
  const ended = await run('client-sim/main.ts', connect, { signal, place: primitives.place });
  if (ended.code !== 0) throw new Error(ended.stderr.trim().split('\n').at(-1));
  return JSON.parse(ended.stdout);
}
