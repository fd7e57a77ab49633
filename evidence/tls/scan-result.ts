// What a scan of one listener says, whoever scanned.
export interface Scan {
  /** "SSLv2", "SSLv3", "TLSv1.0" … "TLSv1.3" */
  readonly versions: readonly string[];
  /** By OpenSSL's names. */
  readonly suites: readonly string[];
  readonly groups: readonly string[];
  /** Renegotiation, compression and the like; none is wanted. */
  readonly weaknesses: readonly string[];
}

/** What may be found and nothing else: TLS 1.3 with AES-GCM, and groups of 128 bits or more. */
export const ALLOWED: Omit<Record<keyof Scan, ReadonlySet<string>>, 'weaknesses'> = {
  versions: new Set(['TLSv1.3']),
  suites: new Set(['TLS_AES_256_GCM_SHA384', 'TLS_AES_128_GCM_SHA256']),
  groups: new Set(['X25519MLKEM768', 'X25519', 'P-256', 'P-384']),
};

/** @returns in words what is outside the list, or missing so that nobody could connect */
export function faultsOf(scan: Scan): string[] {
  const faults: string[] = [...scan.weaknesses];
  for (const what of ['versions', 'suites', 'groups'] as const) {
    faults.push(...scan[what].filter((one) => !ALLOWED[what].has(one)));
    if (scan[what].length === 0) faults.push(`no ${what} found`);
  }
  return faults;
}
