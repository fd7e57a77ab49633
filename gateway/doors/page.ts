// A page that a listener serves: the folder that `npm run page` made, read once at start and served from memory, so that
// no path of a request is ever a path on the disk (T14).
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Failure } from '#platform/process/exit.ts';
import { pageHeaders } from './page-headers.ts';
import type { PageRoute, StaticFile } from './route.ts';

const FILES_MAX = 64;
/** Of all files together, before compression. */
const BYTES_MAX = 4 * 1024 * 1024;
const NAME = /^[A-Za-z0-9_-]{1,64}(?:\.[A-Za-z0-9_-]{1,32}){1,3}$/;
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.md': 'text/plain; charset=utf-8',
};

/** Paths are compared whole, so the language that a person may choose makes paths of its own. */
const INDEX_PATHS = ['/', '/?lang=ja', '/?lang=en'];

/**
 * Routes of a page: its index.html at `/`, everything else under `/assets/`. They need a certificate like every route.
 * @param folder such as var/page/user
 * @param ownOrigins asked at each answer, since the port may be known only once the listener is there
 * @throws Failure if the folder is no built page: a file that is missing, too many, too large, or of another kind
 */
export function pageRoutes(folder: string, ownOrigins: () => readonly string[]): PageRoute[] {
  const files = readPage(folder);
  const serve = (path: string, file: StaticFile): PageRoute => ({
    method: 'GET',
    path,
    needs: 'certificate',
    answer: async () => ({ file, headers: { ...pageHeaders(ownOrigins()), Vary: 'Accept-Encoding' } }),
  });
  return [...files].flatMap(([name, file]) =>
    name === 'index.html' ? INDEX_PATHS.map((path) => serve(path, file)) : [serve(`/${name}`, file)],
  );
}

/** @returns "index.html" and "assets/…" */
function readPage(folder: string): Map<string, StaticFile> {
  const files = new Map<string, StaticFile>();
  let left = BYTES_MAX;
  for (const name of ['index.html', ...namesIn(folder, 'assets').map((asset) => `assets/${asset}`)]) {
    const type = TYPES[extname(name)];
    const wrong = (why: string) => new Failure(`page: ${join(folder, name)}: ${why}; build it with npm run page`);
    if (!type || !NAME.test(name.replace('assets/', ''))) throw wrong('not a file of a page');
    const bytes = read(join(folder, name));
    if (!bytes) throw wrong('missing, or not a plain file');
    left -= bytes.length;
    if (left < 0) throw wrong(`more than ${BYTES_MAX} bytes in all`);
    files.set(name, { type, bytes, gzip: gzipSync(bytes, { level: 9 }) });
  }
  return files;
}

function namesIn(folder: string, part: string): string[] {
  let names: string[];
  try {
    names = readdirSync(join(folder, part));
  } catch {
    throw new Failure(`page: ${join(folder, part)}: cannot be read; build it with npm run page`);
  }
  if (names.length > FILES_MAX) throw new Failure(`page: ${join(folder, part)}: more than ${FILES_MAX} files`);
  return names.sort();
}

/** A link could lead anywhere, so it is no plain file here. */
function read(path: string): Buffer | null {
  try {
    const { size } = lstatSync(path).isFile() ? lstatSync(path) : { size: -1 };
    return size >= 0 && size <= BYTES_MAX ? readFileSync(path) : null;
  } catch {
    return null;
  }
}
