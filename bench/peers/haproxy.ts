import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '#lab/ports.ts';
import { byPort, found, Missing, type Peer, said, startProgram } from './peer.ts';
import { program } from './placement.ts';

export const haproxy: Peer = {
  id: 'haproxy',
  title: 'HAProxy tcp',
  note: 'TLS–TLS, bytes as they are, default buffers, one thread',
  versions() {
    const path = program('haproxy');
    if (!path) throw new Missing('haproxy is not installed');
    const text = said(path, ['-vv']);
    return {
      version: found(text, /HAProxy version (\S+)/i, 'haproxy'),
      openssl: found(text, /Running on OpenSSL version : OpenSSL (\S+)/, 'haproxy'),
    };
  },
  async start({ folder, server, load, probe }) {
    const ports = { load: await freePort(), probe: await freePort() };
    const pair = join(folder, 'pair.pem');
    writeFileSync(pair, readFileSync(server.certificate, 'utf8') + readFileSync(server.key, 'utf8'), { mode: 0o600 });
    const way = (name: string, port: number, upstream: number) => `
      listen ${name}
        bind 127.0.0.1:${port} ssl crt ${pair} ssl-min-ver TLSv1.3
        server source 127.0.0.1:${upstream} ssl verify required ca-file ${server.authorities} sni str(localhost) ssl-min-ver TLSv1.3
      `;
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(
      file,
      `global
        nbthread 1
        maxconn 200
      defaults
        mode tcp
        timeout connect 5s
        timeout client 60s
        timeout server 60s
      ${way('load', ports.load, load.tls)}
      ${way('probe', ports.probe, probe.tls)}\n`,
      { mode: 0o600 },
    );
    const { pid, stop } = await startProgram(
      program('haproxy') as string,
      ['-db', '-q', '-f', file],
      Object.values(ports),
    );
    return { pids: [pid], way: byPort(ports), stop };
  },
};
