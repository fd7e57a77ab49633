// npm run served: whether a gateway serves the page that these sources make, byte by byte.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArguments } from '../platform/process/args.ts';
import { Failure, runCommand } from '../platform/process/exit.ts';

const USAGE = `npm run served -- --url ORIGIN --ca FILE [--cert FILE --key FILE] [options]
配られている画面が、このソースから作ったものと同じかを確かめます / compares the page that is served with these sources

  --url ORIGIN     where the page is served, such as https://telework.example.jp
  --ca FILE        the authority of its certificate
  --cert, --key    a client certificate and its key in PEM, where the listener wants one
  --page PAGE      user (default), enrol or admin
  --gateway ORIGIN for a page of another origin: the gateway that is built into it
  --built DIR      compare with what npm run page has put there, instead of making the page anew
  --json           print one object: url, page, files (each with the SHA-256 of both sides)

Exit: 0 the same, 1 another, 2 bad arguments, 3 could not be fetched or built.
`;

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGES = ['user', 'enrol', 'admin'];
/** More than a page may have (gateway/doors/page.ts). */
const FILE_MAX_BYTES = 4 * 1024 * 1024;
const ANSWER_MAX_MS = 15_000;

await runCommand(async () => {
  const text = { type: 'string' };
  const { values } = parseArguments(USAGE, {
    ...{ url: text, ca: text, cert: text, key: text, gateway: text, built: text },
    page: { type: 'string', default: 'user' },
    json: { type: 'boolean', default: false },
  });
  const { url, page, gateway, json } = values;
  if (!url || URL.parse(url)?.origin !== url || !url.startsWith('https://')) {
    throw new Failure('--url must be an origin such as https://telework.example.jp', 2);
  }
  if (!PAGES.includes(page)) throw new Failure(`--page must be one of ${PAGES.join(', ')}`, 2);
  const tls = credentials(values);
  const files = await compared(values.built ? readBuilt(values.built, page) : build(page, gateway), url, tls);
  const differing = Object.entries(files).filter(([, { built, served }]) => built !== served);
  if (json) process.stdout.write(`${JSON.stringify({ url, page, files })}\n`);
  else {
    for (const [name, { served }] of differing) process.stdout.write(`${name}: another (${served})\n`);
    const count = Object.keys(files).length;
    process.stdout.write(
      differing.length === 0 ? `${count} files, all the same\n` : `${differing.length} of ${count} files are others\n`,
    );
  }
  return differing.length === 0 ? 0 : 1;
});

function credentials({ ca, cert, key }) {
  if (!ca) throw new Failure('--ca must name the authority of the server’s certificate', 2);
  if (Boolean(cert) !== Boolean(key)) throw new Failure('--cert and --key belong together', 2);
  return { ca: read(ca), ...(cert ? { cert: read(cert), key: read(key) } : {}) };
}

function read(path) {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Failure(`${path}: cannot be read (${error.code})`, 3);
  }
}

/** @returns name of a file → its SHA-256 */
function build(page, gateway) {
  const folder = mkdtempSync(join(tmpdir(), 'tw-served-'));
  try {
    const script = ['--disable-warning=ExperimentalWarning', join(ROOT, 'scripts/page.mjs'), '--out', folder];
    const ended = spawnSync(process.execPath, [...script, ...(gateway ? ['--gateway', gateway] : [])], {
      encoding: 'utf8',
    });
    if (ended.status !== 0) throw new Failure(`the page cannot be built: ${ended.stderr.trim().split('\n').at(-1)}`, 3);
    return readBuilt(folder, page);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** By the bytes that lie there; page.json only says which there are. */
function readBuilt(folder, page) {
  try {
    const names = Object.keys(JSON.parse(readFileSync(join(folder, 'page.json'), 'utf8')).files);
    const own = names.filter((name) => name.startsWith(`${page}/`));
    return Object.fromEntries(
      own.map((name) => [name.slice(page.length + 1), sha256(readFileSync(join(folder, name)))]),
    );
  } catch (error) {
    throw new Failure(`${folder}: no built page (${error.code ?? 'page.json'})`, 3);
  }
}

async function compared(built, url, tls) {
  const files = {};
  for (const [name, digest] of Object.entries(built)) {
    const { status, bytes } = await fetched(`${url}/${name === 'index.html' ? '' : name}`, tls);
    if (name === 'index.html' && status !== 200)
      throw new Failure(`${url}: answers ${status}; is a certificate missing?`, 3);
    files[name] = { built: digest, served: status === 200 ? sha256(bytes) : String(status) };
  }
  return files;
}

function fetched(url, tls) {
  return new Promise((resolve, reject) => {
    const failed = (error) => reject(new Failure(`${url}: ${error.code ?? error.message}`, 3));
    const sent = request(url, { ...tls, agent: false, minVersion: 'TLSv1.3', timeout: ANSWER_MAX_MS });
    sent.on('error', failed).on('timeout', () => sent.destroy(new Error('no answer')));
    sent.on('response', (response) => {
      const chunks = [];
      let length = 0;
      response.on('data', (chunk) => {
        length += chunk.length;
        if (length > FILE_MAX_BYTES) sent.destroy(new Error('too large'));
        else chunks.push(chunk);
      });
      response.on('error', failed);
      response.on('end', () => resolve({ status: response.statusCode, bytes: Buffer.concat(chunks) }));
    });
    sent.end();
  });
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}
