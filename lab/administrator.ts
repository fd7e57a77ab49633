// An administrator of the demonstration's page: key and request on the own side, certificate by the administrators' authority,
// a name on the gateway's host. The second factor is set up at the page, with a code from the host.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateFolder } from '#platform/process/private-folder.ts';
import { randomPassword } from './person.ts';
import { mustRun } from './process.ts';
import type { System } from './system.ts';

export interface PageAdministrator {
  name: string;
  /** Holds the key, the certificate and the .p12 of both. */
  folder: string;
  clientCert: string;
  clientKey: string;
  p12: string;
  p12Password: string;
  /** Of the administration's listener. */
  ca: string;
}

/** In charge of every municipality. One that is there already is only read. */
export async function employ(system: System, name: string): Promise<PageAdministrator> {
  const folder = join(system.folder, 'client', `administrator-${name}`);
  const at = (file: string) => join(folder, file);
  const passwordFile = at('p12.password');
  const command = (main: string, ...args: string[]) => mustRun(main, args, system.signal);
  const admin = (...args: string[]) => command('admin/main.ts', '--socket', system.sockets.admin, '--json', ...args);
  makePrivateFolder(folder);
  if (!existsSync(at('user.p12'))) {
    const connect = (...args: string[]) =>
      command('client-sim/main.ts', 'enrol', '--user', name, '--credentials', folder, '--force', ...args);
    await connect('--name', name);
    await command(
      'certs/main.ts',
      ...['issue', 'admin', '--role', 'client', '--dir', system.pki.dir, '--name', name, '--force'],
      ...['--csr', at('user.csr.pem'), '--out', at('issued.pem')],
    );
    writeFileSync(passwordFile, randomPassword(), { mode: 0o600 });
    await connect('--certificate', at('issued.pem'), '--p12-password-file', passwordFile);
  }
  const { administrators } = JSON.parse(await admin('administrator', 'list')) as { administrators: { name: string }[] };
  if (!administrators.some((one) => one.name === name)) await admin('administrator', 'add', '--name', name);
  return {
    ...{ name, folder, clientCert: at('user.cert.pem'), clientKey: at('user.key.pem'), p12: at('user.p12') },
    p12Password: readFileSync(passwordFile, 'utf8'),
    ca: system.pki.files.administration.authorities,
  };
}
