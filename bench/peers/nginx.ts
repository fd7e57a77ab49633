// nginx twice: as a TLS–TLS stream, and as the WebSocket proxy that its own manual describes.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '#lab/ports.ts';
import { byPort, found, Missing, type Peer, type Purpose, type Surroundings, said, startProgram } from './peer.ts';
import { program } from './placement.ts';

/** Debian builds the stream module apart. */
const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so';

type Ports = Record<Purpose, number>;

export const nginxStream = nginx(
  { id: 'nginx', title: 'nginx stream', note: 'TLS–TLS, bytes as they are' },
  ({ server, load, probe }, ports) => `
    ${existsSync(STREAM_MODULE) ? `load_module ${STREAM_MODULE};` : ''}
    stream {
      ${tlsOfServer(server)}
      proxy_ssl on;
      ${tlsToUpstream('proxy_ssl', server.authorities)}
      server { listen 127.0.0.1:${ports.load} ssl; proxy_pass 127.0.0.1:${load.tls}; }
      server { listen 127.0.0.1:${ports.probe} ssl; proxy_pass 127.0.0.1:${probe.tls}; }
    }`,
);

export const nginxWebSocket = nginx(
  { id: 'nginxWebSocket', title: 'nginx WebSocket proxy', note: 'TLS–TLS, http proxy with default buffers' },
  ({ folder, server, load, probe }, ports) => `
    http {
      access_log off;
      ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n')}
      ${tlsOfServer(server)}
      ${tlsToUpstream('proxy_ssl', server.authorities)}
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      server { listen 127.0.0.1:${ports.load} ssl; location / { proxy_pass https://127.0.0.1:${load.tls}; } }
      server { listen 127.0.0.1:${ports.probe} ssl; location / { proxy_pass https://127.0.0.1:${probe.tls}; } }
    }`,
);

function nginx(
  facts: Pick<Peer, 'id' | 'title' | 'note'>,
  configuration: (around: Surroundings, ports: Ports) => string,
): Peer {
  return {
    ...facts,
    versions() {
      const path = program('nginx');
      if (!path) throw new Missing('nginx is not installed');
      const text = said(path, ['-V']);
      const has = existsSync(STREAM_MODULE) || /--with-stream(?!=dynamic)/.test(text);
      if (facts.id === 'nginx' && !has) throw new Missing('nginx has no stream module');
      const openssl = /running with OpenSSL (\S+)/.exec(text)?.[1] ?? found(text, /built with OpenSSL (\S+)/, 'nginx');
      return { version: found(text, /nginx\/(\S+)/, 'nginx'), openssl };
    },
    async start(around) {
      const ports = { load: await freePort(), probe: await freePort() };
      const file = join(around.folder, 'nginx.conf');
      writeFileSync(
        file,
        `daemon off; master_process off; pid ${around.folder}/nginx.pid; error_log stderr warn;
        ${configuration(around, ports)}
        events { worker_connections 512; }`,
        { mode: 0o600 },
      );
      const args = ['-p', around.folder, '-c', file, '-e', join(around.folder, 'error.log')];
      const { pid, stop } = await startProgram(program('nginx') as string, args, Object.values(ports));
      return { pids: [pid], way: byPort(ports), stop };
    },
  };
}

const tlsOfServer = ({ certificate, key }: { certificate: string; key: string }) => `
  ssl_certificate ${certificate}; ssl_certificate_key ${key}; ssl_protocols TLSv1.3;`;

const tlsToUpstream = (prefix: string, authorities: string) => `
  ${prefix}_protocols TLSv1.3; ${prefix}_verify on; ${prefix}_trusted_certificate ${authorities};
  ${prefix}_server_name on; ${prefix}_name localhost;`;
