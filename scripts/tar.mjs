// A tar archive (POSIX ustar) in which nothing depends on the machine: no owner, no time, two modes, the given order.
import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';

const BLOCK = 512;
/** 1980-01-01: of no meaning; tar warns of 1970. */
const MODIFIED = 315_532_800;
const NAME_MAX = 100;
const PREFIX_MAX = 155;

/**
 * @param entries in the order in which they are written: { name, executable, bytes }, with a function for `bytes`, so that one
 *   file at a time is in memory; or { name, link } for a symbolic link
 * @returns the SHA-256 of the archive
 */
export function writeTar(path, entries) {
  const hash = createHash('sha256');
  const file = openSync(path, 'w', 0o644);
  const put = (bytes) => {
    hash.update(bytes);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  };
  try {
    for (const entry of entries) {
      const bytes = entry.link === undefined ? entry.bytes() : Buffer.alloc(0);
      put(headerOf(entry, bytes.length));
      put(bytes);
      put(Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK));
    }
    put(Buffer.alloc(2 * BLOCK));
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}

function headerOf({ name, executable = false, link }, size) {
  const header = Buffer.alloc(BLOCK);
  const text = (at, value) => header.write(value, at, 'latin1');
  const octal = (at, length, value) => text(at, `${value.toString(8).padStart(length - 1, '0')}\0`);
  const [prefix, short] = splitName(name);
  text(0, short);
  octal(100, 8, link === undefined && !executable ? 0o644 : 0o755);
  octal(108, 8, 0);
  octal(116, 8, 0);
  octal(124, 12, size);
  octal(136, 12, MODIFIED);
  text(148, ' '.repeat(8)); // the checksum's own place counts as spaces
  text(156, link === undefined ? '0' : '2');
  text(157, checked(link ?? ''));
  text(257, 'ustar\x0000');
  text(345, prefix);
  const sum = header.reduce((total, byte) => total + byte, 0);
  text(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return header;
}

/** A name that is longer than its field is cut in two at a slash. */
function splitName(name) {
  if (checked(name, PREFIX_MAX + NAME_MAX + 1).length <= NAME_MAX) return ['', name];
  const at = name.indexOf('/', name.length - NAME_MAX - 1);
  if (at <= 0 || at > PREFIX_MAX) throw new Error(`${name}: too long for a tar archive`);
  return [name.slice(0, at), name.slice(at + 1)];
}

function checked(name, max = NAME_MAX) {
  if (!/^[\x20-\x7e]*$/.test(name) || name.length > max) throw new Error(`${name}: no name for a tar archive`);
  return name;
}
