// MeshCentral's relay: both ends dial in with an account, and it passes their messages on.
import { randomBytes, randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '#lab/ports.ts';
import { ROOT } from '#lab/process.ts';
import { Missing, type Peer, runToEnd, startProgram } from './peer.ts';

export const MESHCENTRAL_VERSION = '1.1.55';
/** It is no dependency of ours: `npm run bench -- peers --install` puts it here. */
export const MESHCENTRAL_FOLDER = join(ROOT, 'var', 'peers');

const USER = 'bench';

export const meshcentral: Peer = {
  id: 'meshcentral',
  title: 'MeshCentral relay',
  note: 'TLS–TLS, LAN mode; a rendezvous, so both ends mask (key 0); compression off',
  versions() {
    const manifest = join(packageFolder(), 'package.json');
    if (!existsSync(manifest)) throw new Missing('MeshCentral is not installed (npm run bench -- peers --install)');
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
    return { version: `${version}, Node ${process.versions.node}`, openssl: process.versions.openssl };
  },
  async start({ folder, server }) {
    const port = await freePort();
    const password = `Aa1-${randomBytes(18).toString('base64url')}`;
    const data = join(folder, 'data');
    mkdirSync(data, { mode: 0o700 });
    // With a certificate of ours, the ends need not trust one that it makes itself.
    copyFileSync(server.certificate, join(data, 'webserver-cert-public.crt'));
    copyFileSync(server.key, join(data, 'webserver-cert-private.key'));
    writeFileSync(join(data, 'config.json'), JSON.stringify(configuration(port)), { mode: 0o600 });
    const args = [packageFolder(), '--datapath', data, '--filespath', join(folder, 'files')];
    const account = ['--createaccount', USER, '--pass', password, '--email', 'bench@example.test'];
    await runToEnd(process.execPath, [...args, ...account], folder);
    // Served by this very process: the child that it would start otherwise outlives a benchmark that is killed.
    const { pid, stop } = await startProgram(process.execPath, [...args, '--launch', '1'], [port], { cwd: folder });
    const path = (id: string) => `/meshrelay.ashx?id=${id}&user=${USER}&pass=${encodeURIComponent(password)}`;
    return {
      pids: [pid],
      way() {
        const here = path(randomUUID());
        return { target: { port, path: here, rendezvous: true }, sourceDials: here };
      },
      stop,
    };
  },
};

const packageFolder = () => join(MESHCENTRAL_FOLDER, 'node_modules', 'meshcentral');

/** It asks nobody outside: no agents to sign, no updates, no backups. */
const configuration = (port: number) => ({
  settings: {
    cert: 'localhost',
    lanonly: true,
    port,
    portbind: '127.0.0.1',
    exactports: true,
    redirport: 0,
    mpsport: 0,
    wscompression: false,
    agentwscompression: false,
    selfupdate: false,
    autobackup: false,
    agenttimestampserver: false,
  },
  domains: { '': { newaccounts: false } },
});
