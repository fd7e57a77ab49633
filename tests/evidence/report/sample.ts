import type { Report } from '#evidence/report/report.ts';

/** @param seen what the one proof saw */
export function sampleReport(seen = 'no answer'): Report {
  const said = (en: string) => ({ ja: `日本語 ${en}`, en });
  return {
    format: 1,
    result: 'pass',
    startedAt: '2026-11-26T00:00:00.000Z',
    seconds: 12,
    command: 'npm run evidence --',
    partial: null,
    rows: [
      {
        id: 'C1',
        requirement: '通り道がない / no way',
        result: 'pass',
        why: seen,
        artefacts: ['artefacts/c1-internet/scan.txt'],
        proofs: [
          {
            name: 'c1-internet',
            result: 'pass',
            claim: said('no answer'),
            tried: said('a sweep'),
            seen: said(seen),
            seconds: 1.5,
            artefacts: ['artefacts/c1-internet/scan.txt'],
          },
        ],
      },
    ],
    notClaimed: [{ id: 'F7', why: said('not there yet') }],
    versions: {
      commit: null,
      changed: false,
      machine: { cpu: 'x', cores: 2, memoryGiB: 4, arch: 'x64', kernel: '6', node: 'v26', openssl: '3.5' },
      packages: { nftables: '1.0' },
    },
    signedBy: { by: 'run', keyFingerprint: 'ab'.repeat(32) },
  };
}
