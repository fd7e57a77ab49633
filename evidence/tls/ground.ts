// What the proofs of this folder stand on: one whole system on loopback, started from nothing, and its authorities' keys,
// with which certificates are made that those authorities never issue.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { makeKey } from '#certs/authority.ts';
import { makeCrl } from '#certs/crl.ts';
import { KINDS } from '#certs/profile.ts';
import { readSigner } from '#lab/odd-certificates.ts';
import { mustRun, type Place } from '#lab/process.ts';
import { bringUp, MUNICIPALITY, type System } from '#lab/system.ts';
import type { CertificateKind } from '#protocol/names.ts';
import { NotRun, type Stage } from '../proof.ts';

/** PEM. */
export interface KeyPair {
  readonly publicKey: string;
  readonly privateKey: string;
}

export interface Ground {
  readonly system: System;
  /** RSA of 3072 bits, and one of 2048 that nobody may accept. */
  readonly key: KeyPair;
  readonly weakKey: KeyPair;
  /** Asks the running gateway as its administrator. */
  admin(...args: string[]): Promise<Record<string, unknown>>;
  audited(process: ProcessName): AuditedEvent[];
  /** What the processes have asked of cryptography so far, each once; `place` starts one that is recorded as well. */
  readonly primitives: { readonly place: Place; recorded(): string[] };
}

export type ProcessName = keyof System['processes'];

export interface AuditedEvent {
  readonly event: string;
  readonly reason?: string;
  readonly address?: string;
  readonly detail?: string;
  readonly [field: string]: unknown;
}

/** The identity that a certificate of that kind has here. No process of the system is called "probe". */
export const identityOf = (kind: CertificateKind, name = 'probe'): string =>
  `urn:telework:${kind}:${kind === 'user' || kind === 'agent' ? MUNICIPALITY : '-'}:${name}`;

/** Revoked by every list here; a certificate with it is made by cases.ts. */
export const REVOKED_SERIAL = '4abc';

const PEM = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const;

export const tlsGround: Stage<Ground> = {
  name: 'tls',
  async up(folder, signal) {
    // Each try comes from a loopback address of its own, and only Linux has 127.0.0.0/8 at hand.
    if (process.platform !== 'linux') throw new NotRun({ ja: 'Linux が必要です', en: 'needs Linux' });
    const into = join(folder, 'primitives.txt');
    const place = recording(into);
    const [key, system] = await Promise.all([
      makeKey(),
      bringUp({
        ...{ folder, port: 0, page: null, signal },
        desktops: [{ name: 'pc-01', kind: 'office' }],
        place,
      }),
    ]);
    for (const kind of KINDS) writeFileSync(listPath(system, kind), listOf(system, kind, [REVOKED_SERIAL]));
    return {
      ...{ system, key, weakKey: generateKeyPairSync('rsa', { modulusLength: 2048, ...PEM }) },
      admin: async (...args) =>
        JSON.parse(await mustRun('admin/main.ts', ['--socket', system.sockets.admin, '--json', ...args], signal)),
      audited: (process) => readEvents(join(folder, process, 'state', 'audit.jsonl')),
      primitives: { place, recorded: () => [...new Set(readFileSync(into, 'utf8').trim().split('\n'))].sort() },
    };
  },
  down: ({ system }) => system.stop(),
};

/** The revocation list that every process of the system goes by for that kind. */
export const listPath = ({ pki }: System, kind: CertificateKind): string => join(pki.dir, kind, 'crl.pem');

/** @param at when it was made; it holds for seven days. @returns PEM */
export function listOf({ pki }: System, kind: CertificateKind, serials: readonly string[], at = Date.now()): string {
  const entries = serials.map((serial) => ({ serial, at, reason: 'keyCompromise' as const }));
  return makeCrl(readSigner(pki.dir, kind), entries, 100, at);
}

/** The processes run as they always do, with their calls into node:crypto noted by name. */
function recording(into: string): Place {
  const recorder = pathToFileURL(join(import.meta.dirname, 'record-primitives.mjs'));
  recorder.searchParams.set('into', into);
  return (program, args) => [program, ['--import', recorder.href, ...args]];
}

/** @param path of an audit log. The chain is not verified here: the audit proofs do that. */
export function readEvents(path: string): AuditedEvent[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { event: string; fields: Omit<AuditedEvent, 'event'> })
    .map(({ event, fields }) => ({ ...fields, event }));
}
