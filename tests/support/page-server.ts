// A web server that is not the gateway's: for the page of another origin (its files and the headers that `npm run page` asks
// for), and for an attacker's site. HTTPS with a certificate that the browser trusts, so that nothing else is in the way.
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { issueWithKey } from '#certs/demo.ts';
import type { System } from '#lab/system.ts';
import { listen } from '#platform/process/listen.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.md': 'text/plain; charset=utf-8',
};

export interface PageServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface Site {
  /** In its certificate. */
  readonly host: string;
  /** Path, such as "/assets/main.js", to what stands there; "/" is needed. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly headers: Readonly<Record<string, string>>;
}

/** On a free port of loopback; the browser is told where the host is. */
export async function servePage(system: System, { host, files, headers }: Site): Promise<PageServer> {
  const path = join(system.folder, host);
  const leaf = { kind: 'gateway-server', role: 'server', municipality: '-', name: host, commonName: host } as const;
  await issueWithKey(system.pki.dir, { ...leaf, hosts: [host] }, path, Date.now(), true);
  const [key, cert] = [readFileSync(`${path}.key.pem`), readFileSync(`${path}.cert.pem`)];
  const server = createServer({ key, cert }, (request, response) => {
    const at = new URL(request.url ?? '/', `https://${host}`).pathname;
    const file = files.get(at);
    response.writeHead(file ? 200 : 404, { ...headers, 'Content-Type': TYPES[extname(at) || '.html'] ?? 'text/plain' });
    response.end(file);
  });
  await listen(server, { host: '127.0.0.1', port: 0 });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** @param folder of a built page. @returns its files by the paths that a server has them at */
export function filesOfPage(folder: string): Map<string, Buffer> {
  const read = (name: string) => readFileSync(join(folder, name));
  const assets = readdirSync(join(folder, 'assets')).map((name) => `assets/${name}`);
  return new Map([['/', read('index.html')], ...assets.map((name) => [`/${name}`, read(name)] as const)]);
}

/** @param said what `npm run page -- --gateway …` printed. @returns the headers in it */
export function headersIn(said: string): Record<string, string> {
  const lines = said.matchAll(/^([A-Z][A-Za-z-]+): (.+)$/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name ?? '', value ?? '']));
}
