// A person of the demonstration: enrolled as in earnest. The administrator hands out a code, the person's device makes the
// key and asks the enrolment listener, the authority certifies what the administrator carries over, and the device fetches
// it; second factor and entitlement by the administrator, pairing code by the office.
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateFolder } from '#platform/process/private-folder.ts';
import { mustRun } from './process.ts';
import { MUNICIPALITY, type System } from './system.ts';

export interface Person {
  user: string;
  /** Credentials folder of client-sim. */
  folder: string;
  clientCert: string;
  clientKey: string;
  p12: string;
  p12Password: string;
  /** otpauth URI, and the file that holds it. */
  totp: string;
  totpFile: string;
  deviceKey: string;
  ca: string;
}

/** Enrols the person with every desktop of the system; one that is enrolled already is only read. */
export async function enrol(system: System, user: string, name: string): Promise<Person> {
  const folder = join(system.folder, 'client', user);
  const at = (file: string) => join(folder, file);
  const totpFile = at('totp.uri');
  const passwordFile = at('p12.password');
  const who = ['--municipality', MUNICIPALITY, '--user', user];
  const command = (main: string, ...args: string[]) => mustRun(main, args, system.signal);
  const admin = (...args: string[]) => command('admin/main.ts', '--socket', system.sockets.admin, '--json', ...args);
  makePrivateFolder(folder);
  copyFileSync(system.pki.files.user.authorities, at('gateway-ca.pem'));
  copyFileSync(system.pki.files.user.revocations, at('gateway-crl.pem'));

  if (!existsSync(totpFile)) {
    writeFileSync(passwordFile, randomPassword(), { mode: 0o600 });
    const connect = (...args: string[]) =>
      command('client-sim/main.ts', 'enrol', '--credentials', folder, '--enrolment', system.enrolment, ...args);
    // A start that was stopped half way left something behind.
    const users: { user: string; totp: boolean }[] = JSON.parse(await admin('user', 'list')).users;
    const known = users.find((one) => one.user === user);
    if (!known) await admin('user', 'add', ...who, '--name', name);
    if (known?.totp) await admin('totp', 'reset', ...who);
    const { code } = JSON.parse(await admin('enrolment', 'code', ...who));
    const { request } = JSON.parse(await connect('--name', name, '--code', code, '--force', '--json'));

    // What the administrator carries between the two hosts.
    const carried = at('carried');
    await admin('enrolment', 'export', '--out', carried, '--request', request);
    const certificate = join(carried, `${request}.pem`);
    await command(
      'certs/main.ts',
      ...['issue', 'user', '--dir', system.pki.dir, '--enrolment', join(carried, `${request}.json`)],
      ...['--number', request, '--out', certificate],
    );
    await admin('enrolment', 'import', certificate);
    rmSync(carried, { recursive: true });

    await connect('--p12-password-file', passwordFile);
    const { uri } = JSON.parse(await admin('totp', 'enrol', ...who));
    writeFileSync(totpFile, `${uri}\n`, { mode: 0o600 });
  }
  // Another start may serve other desktops.
  for (const desktop of system.desktops) await admin('entitlement', 'add', ...who, '--desktop', desktop);
  return {
    user,
    folder,
    clientCert: at('user.cert.pem'),
    clientKey: at('user.key.pem'),
    p12: at('user.p12'),
    p12Password: readFileSync(passwordFile, 'utf8'),
    totp: readFileSync(totpFile, 'utf8').trim(),
    totpFile,
    deviceKey: at('device.key.pem'),
    ca: at('gateway-ca.pem'),
  };
}

/** What the office's administrator hands to the user, or null if this device is paired with the desktop already. */
export async function pairingCode(system: System, person: Person, desktop: string): Promise<string | null> {
  if (isPinned(person, desktop)) return null;
  const command = ['pair', '--json', '--socket', system.sockets.agent, '--user', person.user, '--desktop', desktop];
  const issued = await mustRun('agent/command.ts', command, system.signal);
  return JSON.parse(issued).code;
}

/** Whether the person has paired a passkey, as at the page. */
export async function hasPasskey(system: System, { user }: Person, desktop: string): Promise<boolean> {
  const listed = await mustRun(
    'agent/command.ts',
    ['pair', '--list', '--json', '--socket', system.sockets.agent],
    system.signal,
  );
  const { pairings }: { pairings: { kind: string; user: string; desktop: string }[] } = JSON.parse(listed);
  return pairings.some((one) => one.kind === 'passkey' && one.user === user && one.desktop === desktop);
}

/** What cannot be read holds no pin here; the client names the file then. */
function isPinned(person: Person, desktop: string): boolean {
  try {
    return desktop in JSON.parse(readFileSync(join(person.folder, 'pins.json'), 'utf8'));
  } catch {
    return false;
  }
}

export function randomPassword(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(15))).toString('base64url');
}
