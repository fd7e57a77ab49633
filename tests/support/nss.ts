// A private certificate store for a browser on Linux (NSS), in a home folder of its own: an authority it trusts, and the
// user's certificate with its key. So the browser speaks TLS by itself, as a user's does, and ignores no error.
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface BrowserCertificates {
  /** PEM file of the authority that servers are trusted by. */
  readonly authority: string;
  /** What a user installs; without it the browser has no certificate to show. */
  readonly user?: { readonly p12: string; readonly password: string };
}

export const NEEDED_FOR_NSS = ['certutil', 'pk12util'] as const;

/** @param home becomes $HOME of the browser */
export async function makeNssDatabase(home: string, { authority, user }: BrowserCertificates): Promise<void> {
  const folder = join(home, '.pki', 'nssdb');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const database = `sql:${folder}`;
  await run('certutil', ['-N', '-d', database, '--empty-password']);
  // Trusted for servers, and for nothing else.
  await run('certutil', ['-A', '-d', database, '-n', 'gateway authority', '-t', 'C,,', '-i', authority]);
  if (user) await run('pk12util', ['-i', user.p12, '-d', database, '-W', user.password]);
}
