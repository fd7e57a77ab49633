// The independent scanner: Debian's sslscan, which has its own list of what to try, run against one port. Its XML is read here,
// bounded, and kept as it is.
import { spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import type { Scan } from './scan-result.ts';

/** A listener that takes everything there is makes about 20 KiB. */
export const XML_MAX_BYTES = 262_144;
const ROWS_MAX = 1_000;
const SCAN_MAX_MS = 60_000;

/** @param xml is written there. @throws Error if the scanner does not end well, or says what cannot be read */
export async function sslscan(port: number, xml: string, signal: AbortSignal): Promise<Scan> {
  const args = ['--no-colour', '--sni-name=localhost', `--xml=${xml}`, `127.0.0.1:${port}`];
  const child = spawn('sslscan', args, { stdio: 'ignore', signal, timeout: SCAN_MAX_MS });
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  if (code !== 0) throw new Error(`sslscan ended with ${code}`);
  if (statSync(xml).size > XML_MAX_BYTES) throw new Error('sslscan said more than is believable');
  return readSslscan(readFileSync(xml, 'utf8'));
}

/** @throws Error unless it is one whole report of one target */
export function readSslscan(xml: string): Scan {
  if (xml.length > XML_MAX_BYTES) throw new Error('sslscan said more than is believable');
  const targets = xml.match(/<ssltest /g)?.length ?? 0;
  if (targets !== 1 || !xml.trimEnd().endsWith('</document>')) throw new Error('not one whole report of sslscan');
  const versions = rows(xml, 'protocol')
    .filter(({ enabled }) => enabled === '1')
    .map(({ type, version }) => (type === 'ssl' ? `SSLv${version}` : `TLSv${version}`));
  return {
    versions: unique(versions),
    suites: unique(rows(xml, 'cipher').map(({ cipher = '' }) => cipher)),
    groups: unique(rows(xml, 'group').map(({ name = '' }) => groupName(name))),
    weaknesses: unique([
      ...rows(xml, 'renegotiation').flatMap(({ supported, secure }) =>
        supported === '1' ? [secure === '1' ? 'renegotiation' : 'insecure renegotiation'] : [],
      ),
      ...rows(xml, 'heartbleed').flatMap(({ vulnerable }) => (vulnerable === '1' ? ['heartbleed'] : [])),
      ...rows(xml, 'compression').flatMap(({ supported }) => (supported === '1' ? ['compression'] : [])),
    ]),
  };
}

type Attributes = Readonly<Record<string, string>>;

/** @throws Error if there are too many */
function rows(xml: string, element: string): Attributes[] {
  const found = xml.match(new RegExp(`<${element} [^<>]{0,400}/>`, 'g')) ?? [];
  if (found.length > ROWS_MAX) throw new Error(`sslscan: ${found.length} rows of ${element}`);
  return found.map((row) =>
    Object.fromEntries([...row.matchAll(/([a-z]+)="([^"]{0,100})"/g)].map(([, name, value]) => [name, value])),
  );
}

/** OpenSSL's names for what the scanner calls "secp256r1 (NIST P-256)" and "x25519". */
function groupName(name: string): string {
  const nist = /\(NIST (P-\d+)\)/.exec(name)?.[1];
  return nist ?? name.toUpperCase();
}

const unique = (all: readonly string[]) => [...new Set(all)].sort();
