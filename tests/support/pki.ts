// A complete set of authorities and certificates for tests. Making one takes seconds (RSA-3072), so the first test file
// of a vitest run makes it and the others read it; the run is known by the process that started the workers.
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { demoFiles, filesOf, issueWithKey, makeDemo } from '#certs/demo.ts';
import type { TlsFiles } from '#platform/hop/tls.ts';
import type { CertificateKind } from '#protocol/names.ts';

export interface DemoPki {
  /** Folder with KIND/ of every authority and issued/. Do not change it: other test files use it; see privatePki. */
  dir: string;
  municipality: '131016';
  /** The gateway's public listener: own gateway-server certificate, trusts users. Names: localhost, 127.0.0.1. */
  gatewayServer: TlsFiles;
  /** urn:telework:hop:-:gateway, client. */
  gatewayToBroker: TlsFiles;
  /** urn:telework:hop:-:broker, server. */
  brokerForGateways: TlsFiles;
  /** urn:telework:agent:-:broker, server. */
  brokerForAgents: TlsFiles;
  /** urn:telework:agent:131016:soumu, client. */
  agent: TlsFiles;
  /** urn:telework:agent:132012:kikaku, client: another municipality's. */
  otherAgent: TlsFiles;
  /** urn:telework:user:131016:tanaka, :suzuki, and urn:telework:user:132012:sato. They trust gateway-server. */
  users: { tanaka: TlsFiles; suzuki: TlsFiles; sato: TlsFiles };
  /** The administrators' listener: urn:telework:admin:-:gateway, server. Names: localhost, 127.0.0.1. */
  administration: TlsFiles;
  /** yamada and honda of every municipality, mori of 132012. They trust the administrators' authority. */
  administrators: { yamada: TlsFiles; honda: TlsFiles; mori: TlsFiles };
}

const PREFIX = 'telework-test-pki-';
const RUN = process.env.TW_TEST_PKI ?? String(process.ppid);
const WAIT_MAX_MS = 60_000;

/** The run's shared PKI, made on first use. */
export async function demoPki(): Promise<DemoPki> {
  const dir = join(tmpdir(), PREFIX + RUN);
  const lock = `${dir}.lock`;
  for (const deadline = Date.now() + WAIT_MAX_MS; ; await delay(50)) {
    if (isFresh(dir)) return pathsOf(dir);
    try {
      mkdirSync(lock, { mode: 0o700 });
      break;
    } catch {
      if (Date.now() > deadline) throw new Error(`${lock} stands in the way; remove it`);
    }
  }
  try {
    if (!isFresh(dir)) {
      sweep();
      rmSync(dir, { recursive: true, force: true });
      const building = `${dir}.${process.pid}`;
      await make(building);
      renameSync(building, dir);
    }
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
  return pathsOf(dir);
}

/** A PKI of its own in `dir` for tests that revoke or break something. Costs about two seconds. */
export async function privatePki(dir: string): Promise<DemoPki> {
  await make(dir);
  return pathsOf(dir);
}

/** One more certificate from the PKI in `dir`, with a new key. @returns the files, trusting the authority `trusts` */
export async function issueMore(
  dir: string,
  leaf: { kind: CertificateKind; role: 'client' | 'server'; municipality: string; name: string },
  trusts: CertificateKind,
): Promise<TlsFiles> {
  const file = `${leaf.kind}-${leaf.role}-${leaf.municipality}-${leaf.name}`;
  const hosts = leaf.role === 'server' ? ['localhost', '127.0.0.1'] : [];
  await issueWithKey(dir, { ...leaf, commonName: leaf.name, hosts }, join(dir, 'issued', file), Date.now(), true);
  return filesOf(dir, file, trusts);
}

async function make(dir: string): Promise<void> {
  await makeDemo({ dir, municipality: '131016', agent: 'soumu', dns: [], force: true }, Date.now());
  const client = { role: 'client', hosts: [] } as const;
  const more = [
    { ...client, kind: 'agent', municipality: '132012', name: 'kikaku', commonName: 'kikaku' },
    { ...client, kind: 'user', municipality: '131016', name: 'tanaka', commonName: '田中太郎' },
    { ...client, kind: 'user', municipality: '131016', name: 'suzuki', commonName: '鈴木花子' },
    { ...client, kind: 'user', municipality: '132012', name: 'sato', commonName: '佐藤' },
    { ...client, kind: 'admin', municipality: '-', name: 'yamada', commonName: '山田' },
    { ...client, kind: 'admin', municipality: '-', name: 'honda', commonName: '本田' },
    { ...client, kind: 'admin', municipality: '132012', name: 'mori', commonName: '森' },
  ] as const;
  await Promise.all(more.map((leaf) => issueWithKey(dir, leaf, join(dir, 'issued', leaf.name), Date.now(), true)));
}

function pathsOf(dir: string): DemoPki {
  const { user: _, administrator: __, ...hosts } = demoFiles(dir);
  return {
    dir,
    municipality: '131016',
    ...hosts,
    otherAgent: filesOf(dir, 'kikaku', 'agent'),
    users: {
      tanaka: filesOf(dir, 'tanaka', 'gateway-server'),
      suzuki: filesOf(dir, 'suzuki', 'gateway-server'),
      sato: filesOf(dir, 'sato', 'gateway-server'),
    },
    administrators: {
      yamada: filesOf(dir, 'yamada', 'admin'),
      honda: filesOf(dir, 'honda', 'admin'),
      mori: filesOf(dir, 'mori', 'admin'),
    },
  };
}

/** Present and younger than a day: the CRLs in it hold for seven. */
function isFresh(dir: string): boolean {
  const stat = statSync(dir, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs < 86_400_000;
}

/** Removes what runs left behind whose process is gone. */
function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const run = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : Number.NaN;
    if (!Number.isNaN(run) && String(run) !== RUN && !isAlive(run)) {
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
