// The usual bridge from a browser to a VNC server.
import { readFileSync } from 'node:fs';
import { freePort } from '#lab/ports.ts';
import { byPort, found, Missing, type Peer, said, startProgram } from './peer.ts';
import { program } from './placement.ts';

const ABOUT = 'import ssl, importlib.metadata as m; print(m.version("websockify"), ssl.OPENSSL_VERSION)';

export const websockify: Peer = {
  id: 'websockify',
  title: 'websockify',
  note: 'ONE TLS leg: WebSocket over TLS to bare TCP; a process for each connection',
  versions() {
    const path = program('websockify');
    if (!path) throw new Missing('websockify is not installed');
    // The Python that it runs with, which need not be the first in PATH.
    const python = found(readFileSync(path, 'utf8'), /^#!\s*(\S+)/, 'websockify');
    const text = said(python, ['-c', ABOUT]);
    return {
      version: found(text, /^(\S+) OpenSSL/, 'websockify'),
      openssl: found(text, /OpenSSL (\S+)/, 'websockify'),
    };
  },
  async start({ folder, server, load, probe }) {
    const ports = { load: await freePort(), probe: await freePort() };
    const one = (port: number, upstream: number) =>
      startProgram(
        program('websockify') as string,
        [
          `--cert=${server.certificate}`,
          `--key=${server.key}`,
          '--ssl-only',
          '--ssl-version=tlsv1_3',
          `127.0.0.1:${port}`,
          `127.0.0.1:${upstream}`,
        ],
        [port],
        { cwd: folder },
      );
    const forLoad = await one(ports.load, load.plain);
    try {
      const forProbe = await one(ports.probe, probe.plain);
      return {
        pids: [forLoad.pid, forProbe.pid],
        way: byPort(ports),
        stop: async () => void (await Promise.all([forLoad.stop(), forProbe.stop()])),
      };
    } catch (error) {
      await forLoad.stop();
      throw error;
    }
  },
};
