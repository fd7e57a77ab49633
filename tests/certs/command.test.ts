import { spawnSync, spawn as start } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '#certs/commands.ts';
import { exitCodeOf, lineOf } from '#platform/process/exit.ts';

const root = mkdtempSync(join(tmpdir(), 'telework-certs-'));
const dir = join(root, 'authorities');
const host = join(root, 'host');
const NOW = Date.now();
const DAY_MS = 86_400_000;

/** Runs a command in this process; the real one is spawned in the last tests only, since each start costs time. */
async function run(line: string, now = NOW): Promise<{ code: number; out: string; error: string }> {
  const [name = '', ...args] = line.split(' ');
  const written: string[] = [];
  const stdout = process.stdout.write;
  const stderr = process.stderr.write;
  process.stdout.write = ((text: string) => written.push(text) > 0) as typeof stdout;
  process.stderr.write = ((text: string) => written.push(text) > 0) as typeof stderr;
  try {
    const code = await COMMANDS[name as keyof typeof COMMANDS](args, now);
    return { code, out: written.join(''), error: '' };
  } catch (error) {
    return { code: exitCodeOf(error), out: written.join(''), error: lineOf(error) };
  } finally {
    process.stdout.write = stdout;
    process.stderr.write = stderr;
  }
}

beforeAll(async () => {
  expect(await run(`init --dir ${dir}`)).toMatchObject({ code: 0, error: '' });
  expect(
    await run(`request gateway-server --role server --name gateway --dns gateway.example --out ${host}`),
  ).toMatchObject({ code: 0 });
}, 60_000);

afterAll(() => rmSync(root, { recursive: true }));

const csr = join(host, 'gateway-server-server.csr.pem');
const ISSUE = `issue gateway-server --role server --csr ${csr} --name gateway --dir ${dir}`;

describe('the way of a certificate', () => {
  it('leads from request over issue and revoke to a list, and show tells it', async () => {
    expect(statSync(join(host, 'gateway-server-server.key.pem')).mode & 0o777).toBe(0o600);
    const out = join(host, 'cert.pem');
    const issued = await run(`${ISSUE} --dns gateway.example --out ${out} --json`);
    expect(issued).toMatchObject({ code: 0, error: '' });
    const { serial, uri } = JSON.parse(issued.out);
    expect(uri).toBe('urn:telework:gateway-server:-:gateway');
    expect(new X509Certificate(readFileSync(out)).checkHost('gateway.example')).toBe('gateway.example');

    const revoke = `revoke --kind gateway-server --reason superseded --dir ${dir} --serial`;
    // Any spelling of the serial: lower case, colons, leading zeros.
    const spelt = `00:${serial.toLowerCase().match(/../g).join(':')}`;
    expect((await run(`${revoke} ${spelt}`)).out).toContain('is revoked');
    expect((await run(`${revoke} ${serial}`)).out).toContain('was revoked before');
    const shown = JSON.parse((await run(`show --dir ${dir} --json`)).out);
    const { issued: all } = shown.authorities.find((one: { kind: string }) => one.kind === 'gateway-server');
    expect(all).toEqual([expect.objectContaining({ serial, state: 'revoked' })]);
  });

  it('takes the subject and identity from the flags', async () => {
    await run(`request user --role client --name someone --out ${host}`);
    const out = join(host, 'user.pem');
    const flags = `--name tanaka --municipality 131016 --subject 田中太郎 --out ${out} --dir ${dir}`;
    expect(await run(`issue user --role client --csr ${join(host, 'user-client.csr.pem')} ${flags}`)).toMatchObject({
      code: 0,
    });
    const certificate = new X509Certificate(readFileSync(out));
    expect(certificate.subject).toBe('CN=田中太郎');
    expect(certificate.subjectAltName).toBe('URI:urn:telework:user:131016:tanaka');
  });
});

describe('bad input gets one clear line', () => {
  const cases: [string, number, RegExp][] = [
    [`init --dir ${dir}`, 1, /holds an authority already; --force/],
    [`init --dir ${dir} --kind root`, 2, /the kind must be one of user, /],
    [`init --dir ${dir} --municipality 1`, 2, /six digits/],
    [`request gateway-server --role server --name gateway --out ${host}`, 1, /it exists already; --force/],
    [`request gateway-server --role boss --name gateway --out ${host}`, 2, /client or server/],
    [`request gateway-server --role server --name Gate/way --out ${host}`, 2, /a name is 1 to 32/],
    ['request', 2, /the kind must be/],
    [`${ISSUE} --out ${host}/new.pem`, 1, /--dns which names to certify; the request asks for gateway\.example/],
    [`${ISSUE} --out ${host}/new.pem --dns a_b`, 2, /neither a host name nor an IP/],
    [`${ISSUE} --out ${host}/cert.pem --dns a`, 1, /it exists already/],
    [`${ISSUE} --out ${host}/none/new.pem --dns a`, 1, /cannot write .*no such file or folder/],
    [`${ISSUE} --out ${host}/new.pem --dns a --days 10000`, 2, /--days/],
    [`${ISSUE} --out ${host}/new.pem --dns a --days 1.5`, 2, /--days/],
    [`${ISSUE} --dns a`, 2, /--out is missing/],
    [
      `issue agent --role client --csr ${root}/none --name x --out ${host}/x --dir ${dir}`,
      1,
      /cannot read the request .*none: no such file/,
    ],
    [
      `issue agent --role client --csr ${dir} --name x --out ${host}/x --dir ${dir}`,
      1,
      /cannot read the request .*it is a folder/,
    ],
    [`issue agent --role client --csr ${csr} --name x --out ${host}/x --dir ${dir}`, 1, /--municipality is needed/],
    [
      `issue agent --role client --csr ${dir}/agent/ca.cert.pem --name x --out ${host}/x --dir ${dir}`,
      1,
      /not a certificate request/,
    ],
    [
      `issue user --role client --csr ${csr} --name x --municipality 131016 --subject a\u0007b --out ${host}/x --dir ${dir}`,
      2,
      /--subject/,
    ],
    [`revoke --kind user --serial 4F00 --reason keyCompromise --dir ${dir}`, 1, /never issued serial 4F00/],
    [`revoke --kind user --serial xyz --reason keyCompromise --dir ${dir}`, 2, /hexadecimal/],
    [`revoke --kind user --serial 4F00 --reason because --dir ${dir}`, 2, /must be one of unspecified, /],
    [`revoke --kind user --serial 4F00 --dir ${dir}`, 2, /--reason is missing/],
    [`crl --dir ${root}/none`, 1, /holds no authority/],
    [`crl --kind user --dir ${root}/none`, 1, /holds no authority/],
    [`show --dir ${root}/none`, 1, /holds no authority/],
    [`show --frob`, 2, /--help shows the usage/],
    [`show extra`, 2, /unexpected argument "extra"/],
    [`check-external --chain ${root}/none --crl ${root}/none`, 1, /none: cannot be read \(ENOENT\)/],
    ['check-external', 2, /--chain is missing/],
    [`demo --dir ${dir}`, 1, /holds an authority already/],
  ];
  for (const [line, code, message] of cases) {
    it(`${line.replaceAll(root, '…').slice(0, 110)} (${code})`, async () => {
      const answer = await run(line);
      expect(answer.error).toMatch(message);
      expect(answer.error).not.toContain('\n');
      expect(answer.error).not.toContain('internal error');
      expect(answer.code).toBe(code);
    });
  }

  it('and issues nothing on the way', async () => {
    const { authorities } = JSON.parse((await run(`show --dir ${dir} --json`)).out);
    const agents = authorities.find((one: { kind: string }) => one.kind === 'agent');
    expect(agents.issued).toEqual([]);
    expect(existsSync(join(host, 'x'))).toBe(false);
  });
});

describe('what runs out', () => {
  it('is warned of before and alarmed of after, and crl puts it right', async () => {
    expect((await run(`show --dir ${dir}`)).out).not.toMatch(/runs out|ALARM/);
    const soon = await run(`show --dir ${dir}`, NOW + 5 * DAY_MS);
    expect(soon).toMatchObject({ code: 0 });
    expect(soon.out).toMatch(/user revocation list runs out at .* in 2 days/);
    const late = await run(`show --dir ${dir}`, NOW + 8 * DAY_MS);
    expect(late.code).toBe(1);
    expect(late.out).toMatch(/ALARM: user revocation list ran out/);
    expect((await run(`crl --dir ${dir}`, NOW + 8 * DAY_MS)).code).toBe(0);
    expect((await run(`show --dir ${dir}`, NOW + 8 * DAY_MS)).code).toBe(0);
    const leaf = await run(`show --dir ${dir}`, NOW + 360 * DAY_MS);
    expect(leaf.out).toMatch(/urn:telework:user:131016:tanaka \([0-9A-F]+\) runs out at/);
    await run(`crl --dir ${dir}`);
  });

  it('a broken or missing list is alarmed of too', async () => {
    const crl = join(dir, 'admin', 'crl.pem');
    const kept = readFileSync(crl);
    writeFileSync(crl, 'rubbish');
    expect((await run(`show --dir ${dir}`)).code).toBe(1);
    rmSync(crl);
    expect((await run(`show --dir ${dir}`)).out).toMatch(/ALARM: admin revocation list/);
    writeFileSync(crl, kept);
  });
});

describe('the real command', () => {
  const spawn = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['certs/main.ts', ...args], { encoding: 'utf8' });
    return { status, stdout, stderr };
  };

  it('prints its usage and exits 0; without a known command 2; with a failure 1', () => {
    expect(spawn('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('check-external'), stderr: '' });
    expect(spawn('issue', '--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('--csr FILE') });
    expect(spawn('--demo', '--help').stdout).toBe(spawn('demo', '--help').stdout);
    expect(spawn('frobnicate')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/^no command .*\n$/),
    });
    expect(spawn('show', '--dir', join(root, 'none'))).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^[^\n]+\n$/),
    });
  });

  it('keeps no lock when it is stopped in the middle of a change', async () => {
    const lock = join(dir, 'user', '.lock');
    const child = start(process.execPath, ['certs/main.ts', 'crl', '--dir', dir], { stdio: 'ignore' });
    const exited = once(child, 'exit');
    while (child.exitCode === null && !existsSync(lock)) await new Promise(setImmediate);
    child.kill('SIGTERM');
    const [code, signal] = await exited;
    expect({ signal, code: [0, 1].includes(code) }).toEqual({ signal: null, code: true });
    expect(existsSync(lock)).toBe(false);
  });
});
