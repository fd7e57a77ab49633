// Our own scan, beside the independent one: one handshake for each version, suite and group alone. It knows the hybrid groups,
// which the scanner of Debian 12 does not.
import { type ConnectionOptions, connect, getCiphers } from 'node:tls';
import type { Scan } from './scan-result.ts';

const VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
type Version = (typeof VERSIONS)[number];

const SUITES_13 = [
  ...['TLS_AES_256_GCM_SHA384', 'TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256'],
  ...['TLS_AES_128_CCM_SHA256', 'TLS_AES_128_CCM_8_SHA256'],
];
const GROUPS = [
  ...['X25519MLKEM768', 'SecP256r1MLKEM768', 'SecP384r1MLKEM1024', 'MLKEM768'],
  ...['X25519', 'X448', 'P-256', 'P-384', 'P-521', 'brainpoolP256r1tls13', 'ffdhe2048', 'ffdhe3072'],
];
/** OpenSSL names that end "-tls13" or are of TLS 1.3 are no suites of TLS 1.2. */
const SUITES_12 = getCiphers()
  .map((name) => name.toUpperCase())
  .filter((name) => !name.startsWith('TLS_'));

const HANDSHAKE_MAX_MS = 5_000;

export async function ownScan(port: number): Promise<Scan> {
  const versions: Version[] = [];
  for (const version of VERSIONS)
    if (await takes(port, { minVersion: version, maxVersion: version })) versions.push(version);
  const suites: string[] = [];
  for (const version of versions) {
    for (const suite of version === 'TLSv1.3' ? SUITES_13 : SUITES_12) {
      const ciphers = version === 'TLSv1.3' ? suite : `${suite}:@SECLEVEL=0`;
      const only = { minVersion: version, maxVersion: version, ciphers };
      if (await takes(port, only)) suites.push(suite);
    }
  }
  const groups: string[] = [];
  for (const group of GROUPS) if (await takes(port, { minVersion: 'TLSv1.3', ecdhCurve: group })) groups.push(group);
  return {
    versions: versions.map((version) => (version === 'TLSv1' ? 'TLSv1.0' : version)),
    suites: [...new Set(suites)].sort(),
    groups: groups.sort(),
    weaknesses: [],
  };
}

/** @returns whether a handshake with nothing but that is completed */
function takes(port: number, only: ConnectionOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (done: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(done);
    };
    const timer = setTimeout(() => end(false), HANDSHAKE_MAX_MS);
    const socket = connect({
      ...{ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false },
      ...{ ciphers: 'ALL:@SECLEVEL=0', ...only },
    });
    socket.once('secureConnect', () => end(true)).once('error', () => end(false));
  });
}
