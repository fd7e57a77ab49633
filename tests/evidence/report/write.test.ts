// A report as a reviewer gets it: written, signed, checked, and changed by somebody in between.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renderPage } from '#evidence/report/page.ts';
import { signerOf } from '#evidence/report/signature.ts';
import { checkReport, writeReport } from '#evidence/report/write.ts';
import { needs } from '#tests/support/need.ts';
import { sampleReport } from './sample.ts';

describe('a written report', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tw-report-'));
    mkdirSync(join(folder, 'artefacts/c1-internet'), { recursive: true });
    writeFileSync(join(folder, 'artefacts/c1-internet/scan.txt'), 'no answer\n');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is as it was signed, by the key that it names', () => {
    const signature = writeReport(folder, sampleReport(), signerOf(null));
    expect(signature).toMatchObject({ by: 'run', algorithm: 'ECDSA P-256 SHA-256' });
    expect(checkReport(folder, null)).toEqual({ problems: [], files: 3, keyFingerprint: signature.keyFingerprint });
  });

  it.each([
    ['an artefact is edited', 'artefacts/c1-internet/scan.txt: changed', () => 'artefacts/c1-internet/scan.txt'],
    ['the data is edited', 'report.json: changed', () => 'report.json'],
    ['the page is edited', 'report.html: changed', () => 'report.html'],
    ['the list is edited', 'SHA256SUMS: not signed by this key', () => 'SHA256SUMS'],
  ])('shows that %s', (_, problem, file) => {
    writeReport(folder, sampleReport(), signerOf(null));
    if (file() === 'SHA256SUMS') {
      const sums = readFileSync(join(folder, 'SHA256SUMS'), 'utf8');
      writeFileSync(join(folder, 'SHA256SUMS'), sums.split('\n').slice(1).join('\n'));
    } else appendFileSync(join(folder, file()), ' ');
    expect(checkReport(folder, null).problems).toContain(problem);
  });

  it('shows a file more and a file less', () => {
    writeReport(folder, sampleReport(), signerOf(null));
    rmSync(join(folder, 'artefacts/c1-internet/scan.txt'));
    symlinkSync('/etc/hostname', join(folder, 'artefacts/more.txt'));
    expect(checkReport(folder, null).problems).toEqual([
      'artefacts/more.txt: not in SHA256SUMS',
      'artefacts/c1-internet/scan.txt: missing',
    ]);
  });

  it.each(['ec', 'ed25519'] as const)('is signed by the reviewer’s %s key if one is given', (type) => {
    const pair = type === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
    const [own, publicKey] = [
      join(folder, '..', `${process.pid}-own.pem`),
      join(folder, '..', `${process.pid}-pub.pem`),
    ];
    try {
      writeFileSync(own, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
      writeFileSync(publicKey, pair.publicKey.export({ type: 'spki', format: 'pem' }));
      expect(writeReport(folder, sampleReport(), signerOf(own)).by).toBe('reviewer');
      expect(checkReport(folder, publicKey).problems).toEqual([]);
      writeReport(folder, sampleReport(), signerOf(null));
      expect(checkReport(folder, publicKey).problems).toEqual(['SHA256SUMS: not signed by this key']);
    } finally {
      for (const path of [own, publicKey]) rmSync(path, { force: true });
    }
  });

  it.skipIf(!needs('openssl'))('is verified by openssl and sha256sum alone', () => {
    writeReport(folder, sampleReport(), signerOf(null));
    const openssl = ['dgst', '-sha256', '-verify', 'signer.pub.pem', '-signature', 'SHA256SUMS.sig', 'SHA256SUMS'];
    expect(execFileSync('openssl', openssl, { cwd: folder, encoding: 'utf8' })).toContain('Verified OK');
    expect(execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: folder, encoding: 'utf8' })).not.toContain('FAILED');
  });

  it('takes no key that is too weak, encrypted or not there', () => {
    const path = join(folder, 'key.pem');
    expect(() => signerOf(path)).toThrow(/cannot be read \(ENOENT\)/);
    writeFileSync(path, 'not a key');
    expect(() => signerOf(path)).toThrow(/an unencrypted private key in PEM is expected/);
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    expect(() => signerOf(path)).toThrow(/EC P-256 or Ed25519/);
  });
});

describe('the page of a report', () => {
  it('has a row a requirement, and lets no observation become markup', () => {
    const report = sampleReport('<img src=x onerror=alert(1)>');
    const page = renderPage(report);
    for (const { id } of report.rows) expect(page).toContain(`<section id="${id}"`);
    expect(page).not.toContain('<img');
    expect(page).not.toContain('<script');
  });

  it('says when it is partial', () => {
    expect(renderPage({ ...sampleReport(), partial: 'stopped' })).toContain('role="alert"');
    expect(renderPage(sampleReport())).not.toContain('role="alert"');
  });
});
