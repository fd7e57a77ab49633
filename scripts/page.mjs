// npm run page: makes the three pages, each a folder of static files. The same sources give the same bytes.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const USAGE = `npm run page -- [--out DIR] [--gateway ORIGIN] [--json] [--help]
ブラウザー用の画面を作ります / makes the pages for the browser

  --out DIR         where to (default var/page): DIR/user, DIR/enrol, DIR/admin
  --gateway ORIGIN  for a page that another server than the gateway serves, such as https://telework.example.jp;
                    prints the headers that this server must send
  --json            print one object: folder, whether it was built anew, and the SHA-256 of each file

What is there already and fits the sources is left as it is.
Exit: 0 done, 1 not built, 2 bad arguments.
`;

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** What a page is made of; of packages the lock says which. */
const INPUTS = ['web', 'protocol', 'certs/request.ts', 'scripts/page.mjs', 'package.json', 'package-lock.json'];
const PAGES = { user: 'index.html', enrol: 'enrol.html', admin: 'admin.html' };
const MANIFEST = 'page.json';

try {
  await main(parse(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${error.message.split('\n')[0]}\n`);
  process.exitCode = error.exitCode ?? 1;
}

function parse(args) {
  try {
    const options = { out: { type: 'string' }, gateway: { type: 'string' } };
    const flags = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } };
    return parseArgs({ args, options: { ...options, ...flags } }).values;
  } catch (error) {
    throw Object.assign(error, { exitCode: 2 });
  }
}

async function main({ help, out, gateway = '', json }) {
  if (help) return void process.stdout.write(USAGE);
  if (gateway && !isOrigin(gateway)) {
    throw Object.assign(new Error('--gateway must be an origin such as https://telework.example.jp'), { exitCode: 2 });
  }
  const folder = resolve(out ?? join(ROOT, 'var', 'page'));
  const inputs = digestOfInputs(gateway);
  const isNew = !isUpToDate(folder, inputs);
  if (isNew) write(folder, inputs, gateway, await build(gateway));
  const { files } = readManifest(folder);
  if (json) return void process.stdout.write(`${JSON.stringify({ folder, built: isNew, files })}\n`);
  process.stdout.write(`${isNew ? 'built' : 'unchanged'}: ${relative('.', folder) || '.'}\n`);
  if (gateway) process.stdout.write(await headersFor(gateway));
}

/** As browsers send it: no path, no default port. The headers and the page take it word for word. */
function isOrigin(text) {
  return /^https:\/\/[a-z0-9.:-]+$/.test(text) && URL.parse(text)?.origin === text;
}

/** One digest over names and bytes of everything that decides the result. */
function digestOfInputs(gateway) {
  const hash = createHash('sha256').update(`${process.version}\0${gateway}\0`);
  for (const input of INPUTS) {
    const path = join(ROOT, input);
    const names = input.includes('.') ? [''] : readdirSync(path, { recursive: true }).sort();
    for (const name of names) {
      const file = join(path, name);
      if (!/\.\w+$/.test(file)) continue;
      const bytes = readFileSync(file);
      hash.update(`${input}/${name}\0${bytes.length}\0`).update(bytes);
    }
  }
  return hash.digest('hex');
}

/** The files must be there, too, as they were made. */
function isUpToDate(folder, inputs) {
  const manifest = readManifest(folder);
  if (manifest?.inputs !== inputs) return false;
  const present = Object.keys(PAGES).flatMap((page) => filesOf(join(folder, page)).map((file) => `${page}/${file}`));
  return (
    present.length === Object.keys(manifest.files).length &&
    present.every((file) => manifest.files[file] === sha256(readFileSync(join(folder, file))))
  );
}

function readManifest(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, MANIFEST), 'utf8'));
  } catch {
    return null;
  }
}

function filesOf(folder) {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

/** @returns "page/file" → bytes */
async function build(gateway) {
  const vite = await import('vite').catch(() => {
    throw new Error('vite is missing; the page is built where `npm ci` ran with the development packages');
  });
  const made = new Map();
  for (const [page, html] of Object.entries(PAGES)) {
    const { output } = await vite.build(viteOptions(html, gateway));
    for (const file of output) {
      const name = file.fileName === html ? 'index.html' : file.fileName;
      made.set(`${page}/${name}`, Buffer.from(file.type === 'chunk' ? file.code : file.source));
    }
  }
  return made;
}

function viteOptions(html, gateway) {
  const root = join(ROOT, 'web', 'app');
  return {
    root,
    configFile: false,
    envDir: false,
    publicDir: false,
    logLevel: 'error',
    mode: 'production',
    plugins: [nameGateway(gateway)],
    build: {
      write: false,
      // noVNC awaits at the top level of a module.
      target: 'es2022',
      cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
      modulePreload: false,
      sourcemap: false,
      assetsInlineLimit: 0,
      license: { fileName: 'assets/licences.md' },
      rolldownOptions: { input: join(root, html) },
    },
  };
}

/** Which gateway the page talks to: its own origin, unless another is named. */
function nameGateway(gateway) {
  const place = '<meta name="gateway" content="">';
  return {
    name: 'gateway',
    transformIndexHtml(html) {
      if (!html.includes(place)) throw new Error(`a page has no ${place}`);
      return html.replace(place, place.replace('""', `"${gateway}"`));
    },
  };
}

/**
 * Two builders at once write the same bytes, so each file is put in place by itself; the manifest comes last. What no
 * longer belongs there is removed.
 */
function write(folder, inputs, gateway, made) {
  const aside = join(folder, `.building-${process.pid}`);
  const put = (name, bytes) => {
    const temporary = join(aside, 'file');
    writeFileSync(temporary, bytes);
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    renameSync(temporary, join(folder, name));
  };
  try {
    makeFolder(aside);
    for (const [name, bytes] of made) put(name, bytes);
    for (const page of Object.keys(PAGES)) {
      for (const file of filesOf(join(folder, page))) {
        if (!made.has(`${page}/${file}`)) rmSync(join(folder, page, file), { force: true });
      }
    }
    const files = Object.fromEntries([...made].map(([name, bytes]) => [name, sha256(bytes)]).sort());
    put(MANIFEST, `${JSON.stringify({ inputs, gateway, files }, null, 2)}\n`);
  } catch (error) {
    throw new Error(`${folder}: cannot be written (${error.code})`);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/** One by one: where nobody can make a folder, such as below /proc, Node's own recursion never returns. */
function makeFolder(path) {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if (error.code !== 'EEXIST') throw error; // a second builder was faster
  }
}

async function headersFor(gateway) {
  const { pageHeaders } = await import('../gateway/doors/page-headers.ts');
  const lines = Object.entries(pageHeaders([gateway])).map(([name, value]) => `${name}: ${value}`);
  return `\nthe server of this page must send / この画面を配信するサーバーに必要なヘッダー:\n\n${lines.join('\n')}\n`;
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}
