// Two people, three hosts' programs, one certificate: what the user, the administrator and the authority's operator do, with
// the commands that they have. lab/person.ts goes the straight way; here are its turnings.
import { X509Certificate } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { mustRun, run } from '#lab/process.ts';
import { MUNICIPALITY } from '#lab/system.ts';
import { useSystem } from '#tests/support/system.ts';

const WHO = ['--municipality', MUNICIPALITY, '--user', 'suzuki'];

describe('enrolment', () => {
  const up = useSystem(() => [{ name: 'pc-01', kind: 'office' }]);
  const folder = (name: string) => join(up.system.folder, name);
  const home = () => folder('suzuki');
  const adminOf = (...args: string[]) => ['--socket', up.system.sockets.admin, '--json', ...args];
  const admin = async (...args: string[]) => JSON.parse(await mustRun('admin/main.ts', adminOf(...args)));
  const enrolOf = (...args: string[]) => [
    'enrol',
    '--credentials',
    home(),
    '--enrolment',
    up.system.enrolment,
    ...args,
  ];
  const enrol = (...args: string[]) => run('client-sim/main.ts', enrolOf(...args));
  const handIn = async (...args: string[]): Promise<string> => {
    const { code } = await admin('enrolment', 'code', ...WHO);
    const handed = await mustRun(
      'client-sim/main.ts',
      enrolOf('--name', '鈴木花子', '--json', '--code', code, ...args),
    );
    return JSON.parse(handed).request;
  };
  const issue = (file: string, number: string, out: string) =>
    run('certs/main.ts', [
      ...['issue', 'user', '--dir', up.system.pki.dir, '--enrolment', file, '--number', number, '--out', out],
    ]);
  const collect = () => enrol('--p12-password-file', join(home(), 'password'));
  let number: string;

  beforeAll(async () => {
    mkdirSync(home(), { recursive: true, mode: 0o700 });
    copyFileSync(up.tanaka.ca, join(home(), 'gateway-ca.pem'));
    copyFileSync(join(up.tanaka.folder, 'gateway-crl.pem'), join(home(), 'gateway-crl.pem'));
    writeFileSync(join(home(), 'password'), 'a-password-of-the-test');
    await admin('user', 'add', ...WHO, '--name', '鈴木花子');
  }, 60_000);

  it('begins with a code and a key on the user’s device, and says in one line what is wrong with a code', async () => {
    const refused = await enrol('--name', '鈴木花子', '--code', '0000-0000-0000-0000');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^ENROLMENT_REFUSED: .*申請コード.* \/ .*enrolment code.*\n$/);
    const before = readFileSync(join(home(), 'next.key.pem'), 'utf8');
    expect(statSync(join(home(), 'next.key.pem')).mode & 0o777).toBe(0o600);
    number = await handIn();
    // A code that was mistyped costs no key.
    expect(readFileSync(join(home(), 'next.key.pem'), 'utf8')).toBe(before);
    expect((await admin('enrolment', 'list')).requests).toContainEqual(
      expect.objectContaining({ request: number, user: 'suzuki', name: '鈴木花子', state: 'waiting' }),
    );
    const early = await collect();
    expect([early.code, early.stderr]).toEqual([1, expect.stringMatching(/まだ発行されていません/)]);
  }, 30_000);

  it('lets the authority certify only the key whose number the person says, for whom the file says', async () => {
    const { files } = await admin('enrolment', 'export', '--out', folder('carried'), '--request', number);
    const [file = ''] = files;
    expect(files).toEqual([join(folder('carried'), `${number}.json`)]);
    const carried = readFileSync(file, 'utf8');
    expect(carried).not.toContain('PRIVATE');

    const other = await handIn('--force');
    const [foreign = ''] = (await admin('enrolment', 'export', '--out', folder('carried'), '--request', other)).files;
    const out = folder('issued.pem');
    // The key in the file was exchanged on the way, or by a gateway in wrong hands.
    const changed = folder('changed.json');
    const { csr } = JSON.parse(readFileSync(foreign, 'utf8'));
    writeFileSync(changed, JSON.stringify({ ...JSON.parse(carried), csr }));
    const refused = await issue(changed, number, out);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/not the key of .*the file was changed/)]);
    expect((await issue(file, 'nonsense', out)).code).toBe(2);
    expect(existsSync(out)).toBe(false);

    number = other;
    expect(await issue(foreign, number.toLowerCase(), out)).toMatchObject({ code: 0, stderr: '' });
    const certificate = new X509Certificate(readFileSync(out));
    expect([certificate.subject, certificate.subjectAltName]).toEqual([
      'CN=鈴木花子',
      `URI:urn:telework:user:${MUNICIPALITY}:suzuki`,
    ]);
  }, 60_000);

  it('ends with a .p12 on the user’s device; the certificate of somebody else is not taken on the way', async () => {
    const wrong = await run(
      'admin/main.ts',
      adminOf('enrolment', 'import', up.tanaka.clientCert, folder('issued.pem')),
    );
    // One bad file holds up no other.
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      expect.stringMatching(/user\.cert\.pem: .*REQUEST_.*1 others were taken/),
    ]);
    const collected = await collect();
    expect(collected).toMatchObject({ code: 0, stdout: `${join(home(), 'user.p12')}\n`, stderr: '' });
    expect(readdirSync(home()).filter((name) => name.startsWith('next'))).toEqual([]);
    for (const name of ['user.key.pem', 'user.p12']) expect(statSync(join(home(), name)).mode & 0o777).toBe(0o600);
  }, 30_000);

  it('can be gone through anew before a certificate ends; the old one is good until the new one is there', async () => {
    const before = readFileSync(join(home(), 'user.cert.pem'), 'utf8');
    number = await handIn();
    expect(readFileSync(join(home(), 'user.cert.pem'), 'utf8')).toBe(before);
    await admin('enrolment', 'refuse', '--request', number);
    expect(await collect()).toMatchObject({ code: 1, stderr: expect.stringMatching(/^ENROLMENT_DECLINED: /) });
    expect(readFileSync(join(home(), 'user.cert.pem'), 'utf8')).toBe(before);
    rmSync(join(home(), 'next.key.pem'));
    expect(await collect()).toMatchObject({ code: 1, stderr: expect.stringMatching(/no request was handed in/) });
  }, 30_000);

  it('leaves no code in the gateway’s log, and each step in its audit log', () => {
    const audit = readFileSync(join(up.system.folder, 'gateway', 'state', 'audit.jsonl'), 'utf8');
    for (const event of ['code-issued', 'requested', 'refused', 'exported', 'certified', 'collected', 'declined']) {
      expect(audit).toContain(`"event":"enrolment-${event}"`);
    }
  });
});
