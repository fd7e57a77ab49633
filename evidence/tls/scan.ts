// What each listener takes, found by two scanners that know nothing of each other, against one list of what is allowed.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Proof, Run } from '../proof.ts';
import { certificatesOf } from './cases.ts';
import { type Ground, tlsGround } from './ground.ts';
import { LISTENERS, type ListenerName } from './listeners.ts';
import { ownScan } from './own-scan.ts';
import { faultsOf, type Scan } from './scan-result.ts';
import { sslscan } from './sslscan.ts';
import { listenWeakly, WEAK, type WeakName } from './weak-listeners.ts';

export interface Scanned {
  readonly listener: ListenerName | WeakName;
  readonly sslscan: Scan;
  readonly own: Scan;
  /** Whether the handshake asks for a client certificate (RFC 8446 §4.3.2), seen by openssl. */
  readonly asksForCertificate: boolean;
}

const SCANNER = { program: 'sslscan', package: 'sslscan' } as const;
const OPENSSL = { program: 'openssl', package: 'openssl' } as const;
const TRACE_MAX_BYTES = 1_048_576;
const TRACE_MAX_MS = 60_000;

export const listenerScan: Proof<readonly Scanned[]> = {
  name: 'tls-scan',
  requirements: ['D2', 'D3', 'D5', 'D8'],
  claim: {
    ja: 'どの入口も TLS 1.3、AES-GCM、許可した鍵交換だけを受け付ける',
    en: 'Every listener takes TLS 1.3, AES-GCM and the allowed groups only',
  },
  tried: {
    ja: '独立した検査ツール sslscan と自前の検査で五つの入口を調べ、わざと弱くした二つの入口も同じ方法で調べた',
    en: 'scanned five listeners with the independent scanner sslscan and with our own, and two listeners that are weak on purpose in the same way',
  },
  needs: [SCANNER, OPENSSL],
  async collect(run) {
    const ground = await run.stage(tlsGround);
    const listeners = LISTENERS.map((one) => scan(run, one.name, one.port(ground)));
    const weak = (Object.keys(WEAK) as WeakName[]).map((name) => scanWeak(run, ground, name));
    return Promise.all([...listeners, ...weak]);
  },
  judge: judgeScans,
};

async function scanWeak(run: Run, ground: Ground, name: WeakName): Promise<Scanned> {
  const server = await listenWeakly(certificatesOf(ground, 'hop', 'server').rsa2048, name);
  try {
    return await scan(run, name, server.port);
  } finally {
    server.close();
  }
}

async function scan(run: Run, listener: Scanned['listener'], port: number): Promise<Scanned> {
  const xml = join(run.folder, `${listener}.sslscan.xml`);
  const [independent, own, trace] = await Promise.all([
    sslscan(port, xml, run.signal),
    ownScan(port),
    traceOf(port, run.signal),
  ]);
  writeFileSync(join(run.folder, `${listener}.openssl.txt`), trace);
  return { listener, sslscan: independent, own, asksForCertificate: /, CertificateRequest\b/.test(trace) };
}

/** The names of a handshake's messages, as the system's openssl sees them. @throws Error if there was none */
function traceOf(port: number, signal: AbortSignal): Promise<string> {
  const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'localhost', '-msg'];
  const limits = { signal, maxBuffer: TRACE_MAX_BYTES, timeout: TRACE_MAX_MS };
  return new Promise((resolve, reject) => {
    const child = execFile('openssl', args, limits, (_, stdout) => {
      if (!/, ServerHello\b/.test(stdout)) reject(new Error(`openssl saw no handshake at port ${port}`));
      // Without the bytes: they are of no use to anybody.
      resolve(
        stdout
          .split('\n')
          .filter((line) => !/^ {4}[0-9a-f]{2} /.test(line))
          .join('\n'),
      );
    });
    child.stdin?.end();
  });
}

/** The scanner knows no hybrid group, and none of TLS 1.2's. */
const isKnownToBoth = (group: string) => !/MLKEM/i.test(group);

/** @returns in words where the two scanners differ about what both know */
export function disagreements({ sslscan: theirs, own }: Pick<Scanned, 'sslscan' | 'own'>): string[] {
  const differ = (what: string, a: readonly string[], b: readonly string[]) =>
    a.toSorted().join() === b.toSorted().join() ? [] : [`${what}: ${a.join(' ') || '-'} / ${b.join(' ') || '-'}`];
  const known = own.versions.includes('TLSv1.3') ? own.groups.filter(isKnownToBoth) : [];
  const seen = own.versions.includes('TLSv1.3') ? theirs.groups : [];
  return [
    ...differ('versions', theirs.versions, own.versions),
    ...differ('suites', theirs.suites, own.suites),
    ...differ('groups', seen, known),
  ];
}

/** What a scan of the weak ones must have found, or it finds nothing at all. */
const MUST_FIND: Readonly<Record<WeakName, readonly string[]>> = {
  old: ['TLSv1.0', 'TLSv1.1', 'TLSv1.2', 'AES128-SHA'],
  loose: ['TLS_CHACHA20_POLY1305_SHA256', 'P-521'],
};

export function judgeScans(scans: readonly Scanned[]): ReturnType<Proof<unknown>['judge']> {
  const wrong: string[] = [];
  for (const { name, asks } of LISTENERS) {
    const one = scans.find(({ listener }) => listener === name);
    if (!one) {
      wrong.push(`${name}: not scanned`);
      continue;
    }
    for (const by of ['sslscan', 'own'] as const) {
      for (const fault of faultsOf(one[by])) wrong.push(`${name} by ${by}: ${fault}`);
    }
    if (!one.own.groups.includes('X25519MLKEM768')) wrong.push(`${name}: no hybrid group (D8)`);
    for (const difference of disagreements(one)) wrong.push(`${name}: the two scanners differ: ${difference}`);
    if (one.asksForCertificate !== (asks !== null)) {
      wrong.push(`${name}: ${one.asksForCertificate ? 'asks' : 'does not ask'} for a certificate`);
    }
  }
  for (const [name, found] of Object.entries(MUST_FIND)) {
    const one = scans.find(({ listener }) => listener === name);
    for (const by of ['sslscan', 'own'] as const) {
      const faults = one ? faultsOf(one[by]) : [];
      const missed = found.filter((fault) => !faults.includes(fault));
      if (missed.length > 0) wrong.push(`control "${name}": ${by} did not find ${missed.join(', ')}`);
    }
  }
  const [first] = wrong;
  if (first !== undefined) {
    return {
      result: 'fail',
      seen: { ja: `問題 ${wrong.length} 件: ${first}`, en: `${wrong.length} faults: ${first}` },
    };
  }
  const example = scans.find(({ listener }) => listener === 'users')?.own;
  const taken = [...(example?.suites ?? []), ...(example?.groups ?? [])].join(', ');
  return {
    result: 'pass',
    seen: {
      ja: `${LISTENERS.length} 入口とも TLS 1.3 だけ(${taken})。二つの検査の結果は一致し、弱い入口 2 つは両方が見つけた`,
      en: `${LISTENERS.length} listeners: TLS 1.3 only (${taken}); the two scanners agree, and both found the 2 weak controls`,
    },
  };
}
