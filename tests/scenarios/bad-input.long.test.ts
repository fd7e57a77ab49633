// What bad input gets from a running system: one clear line and the right exit code at the command line, a code at the
// doors, and every process stays up and goes on serving. What a modified client sends: bad-records.test.ts.
import { X509Certificate } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeKey } from '#certs/authority.ts';
import { oneTimeCode } from '#client-sim/one-time-code.ts';
import { type OddOptions, oddCertificate, readSigner } from '#lab/odd-certificates.ts';
import { enrol, type Person, pairingCode } from '#lab/person.ts';
import { mustRun, run } from '#lab/process.ts';
import { MUNICIPALITY } from '#lab/system.ts';
import { callLocal } from '#platform/process/local-call.ts';
import { toBase64Url } from '#protocol/bytes.ts';
import { importSigningKey, newSigningKeyPem } from '#protocol/inner/cipher-node.ts';
import { TICKET_LIFE_MS } from '#protocol/limits.ts';
import { Inbox } from '#protocol/outer/data-socket.ts';
import { audited } from '#tests/support/audited.ts';
import { connectInProcess, type InProcessClient } from '#tests/support/in-process-client.ts';
import { hasStack, oneLineOf } from '#tests/support/one-line.ts';
import { useSystem } from '#tests/support/system.ts';
import { administer, alive, idle, PROCESSES, renewFactor } from '#tests/support/watched-system.ts';
import { askToOpen } from '#web/core/gateway-api.ts';

const DAY_MS = 86_400_000;
const idOf = (name: string) => `${MUNICIPALITY}/soumu/${name}`;

describe('bad input', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'telework-bad-input-'));
  const under = useSystem(() => [
    { name: 'pc-01', kind: 'office' },
    { name: 'no-vnc', kind: 'vnc', address: `unix:${scratch}/nobody.sock` },
  ]);
  let suzuki: Person;
  let key: { publicKey: string; privateKey: string };
  let client: InProcessClient;
  /** Asked for at the beginning, to be shown at the end. */
  let early: { ticket: string; at: number };

  beforeAll(async () => {
    key = await makeKey();
    suzuki = await enrol(under.system, 'suzuki', '鈴木花子');
    expect(await good()).toMatchObject({ signedIn: 'suzuki', paired: true });
    await goodPairing('no-vnc');
    client = await connectInProcess(under.system, under.tanaka);
    early = {
      ...(await askToOpen(client.around.request, idOf('pc-01'), 'open', new Uint8Array(32))),
      at: performance.now(),
    };
  });
  afterEach(() => {
    expect(alive(under.system)).toEqual([...PROCESSES]);
  });
  afterAll(() => {
    client?.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  /** The command line with the files of `folder`. */
  const connect = (folder: string, ...args: string[]) =>
    run('client-sim/main.ts', [
      ...['--json', '--gateway', under.system.gateway, '--credentials', folder],
      ...(args.includes('--user') ? args : ['--user', 'suzuki', ...args]),
    ]);

  /** … with a one-time code that nobody has used. */
  async function signIn(folder: string, ...args: string[]) {
    await renewFactor(under.system, suzuki);
    return connect(folder, '--totp-uri', suzuki.totpFile, ...args);
  }

  /** A session as it should be; pairs first where that has not been done. */
  async function good() {
    await idle(under.system);
    const code = await pairingCode(under.system, suzuki, idOf('pc-01'));
    const ended = await signIn(suzuki.folder, '--desktop', idOf('pc-01'), ...(code ? ['--pair-code', code] : []));
    expect([ended.code, ended.stderr]).toEqual([0, '']);
    return JSON.parse(ended.stdout);
  }

  async function goodPairing(name: string): Promise<void> {
    const code = await pairingCode(under.system, suzuki, idOf(name));
    const desktop = ['--desktop', idOf(name)];
    await renewFactor(under.system, suzuki);
    const totp = ['--totp-uri', suzuki.totpFile];
    const ended = await connect(suzuki.folder, 'pair', ...desktop, ...totp, '--code', String(code));
    expect(ended.code).toBe(0);
  }

  /** A copy of suzuki's credentials with some files replaced; null removes one. */
  function credentials(files: Record<string, string | null> = {}): string {
    const folder = mkdtempSync(join(scratch, 'credentials-'));
    cpSync(suzuki.folder, folder, { recursive: true });
    for (const [file, content] of Object.entries(files)) {
      if (content === null) rmSync(join(folder, file));
      else writeFileSync(join(folder, file), content);
    }
    return folder;
  }

  function expectLine(ended: { code: number; stdout: string; stderr: string }, code: number, line: RegExp): void {
    expect([ended.code, ended.stdout]).toEqual([code, '']);
    expect(oneLineOf(ended.stderr)).toMatch(line);
  }

  const certificate = (options: OddOptions = {}): string =>
    oddCertificate(readSigner(under.system.pki.dir, 'user'), key, {
      uris: [`urn:telework:user:${MUNICIPALITY}:suzuki`],
      ...options,
    });

  const ODD: [string, () => string, RegExp, string][] = [
    [
      'has expired',
      () => certificate({ fromMs: -2 * DAY_MS, untilMs: -DAY_MS }),
      /expired on 20/,
      'CERTIFICATE_EXPIRED',
    ],
    [
      'is not valid yet',
      () => certificate({ fromMs: DAY_MS, untilMs: 2 * DAY_MS }),
      /not valid before 20.*clock/,
      'CERTIFICATE_NOT_YET_VALID',
    ],
    [
      'is for servers only',
      () => certificate({ usage: ['serverAuth'] }),
      /CERTIFICATE_WRONG_USAGE/,
      'CERTIFICATE_WRONG_USAGE',
    ],
    [
      'is an agent’s',
      () => certificate({ uris: [`urn:telework:agent:${MUNICIPALITY}:soumu`] }),
      /CERTIFICATE_WRONG_KIND/,
      'CERTIFICATE_WRONG_KIND',
    ],
  ];

  describe('in the client’s own files', () => {
    it.each(ODD)('a certificate that %s is refused before anything is sent', async (_, make, line) => {
      const folder = credentials({ 'user.cert.pem': make(), 'user.key.pem': key.privateKey });
      expectLine(await connect(folder, '--otp', '000000'), 1, line);
    });

    it.each<[string, Record<string, string | null>, RegExp]>([
      ['no certificate', { 'user.cert.pem': null }, /user\.cert\.pem: cannot be read \(ENOENT\)/],
      ['a certificate that is none', { 'user.cert.pem': 'hello' }, /user\.cert\.pem: holds no certificate/],
      ['no key', { 'user.key.pem': null }, /user\.key\.pem: cannot be read \(ENOENT\)/],
      ['a key that is none', { 'user.key.pem': 'hello' }, /user\.key\.pem: holds no private key/],
      ['no revocation list of the gateway', { 'gateway-crl.pem': null }, /gateway-crl\.pem: cannot be read/],
    ])('%s', async (_, files, line) => {
      expectLine(await connect(credentials(files), '--otp', '000000'), 1, line);
    });

    it('a key of another certificate', async () => {
      const folder = credentials({ 'user.key.pem': key.privateKey });
      expectLine(await connect(folder, '--otp', '000000'), 1, /user\.key\.pem is not the key of/);
    });

    it.each([
      ['a wrong .p12 password', 'user.p12', 'not-the-password', /user\.p12: .*password/],
      ['an empty .p12 password', 'user.p12', '', /user\.p12: .*password/],
      ['a .p12 that is not there', 'no.p12', 'any', /no\.p12: cannot be read \(ENOENT\)/],
      ['a .p12 that is none', 'pins.json', 'any', /pins\.json: the file is not a \.p12/],
    ])('%s', async (_, file, password, line) => {
      const folder = credentials({ 'p12.password': password });
      const p12 = ['--p12', join(folder, file), '--p12-password-file', join(folder, 'p12.password')];
      expectLine(await connect(folder, '--otp', '000000', ...p12), 1, line);
    });

    it.each<[string, string[], number, RegExp]>([
      ['no terminal to ask for the one-time code', [], 2, /no one-time code/],
      ['a file that holds no otpauth URI', ['--totp-uri', 'package.json'], 1, /holds no otpauth/],
      ['somebody else’s name', ['--user', 'sato', '--otp', '1'], 1, /the certificate belongs to suzuki/],
      ['a gateway that is no https', ['--gateway', 'http://localhost'], 2, /--gateway must be https/],
      ['no gateway there', ['--otp', '1', '--gateway', 'https://localhost:9'], 1, /nothing answers at localhost:9/],
    ])('%s', async (_, args, code, line) => {
      expectLine(await connect(suzuki.folder, ...args), code, line);
    });
  });

  describe('at the gateway’s door', () => {
    /** A client that checks nothing of its own. */
    function ask(own: { cert?: string; key?: string }, accept = 'application/json') {
      const { authorities } = under.system.pki.files.user;
      return new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
        const url = `${under.system.gateway}/api/desktops`;
        const options = { ca: readFileSync(authorities), ...own, agent: false, headers: { accept } };
        const outgoing = httpsRequest(url, options, async (incoming) => {
          let body = '';
          for await (const chunk of incoming.setEncoding('utf8')) body += chunk;
          resolve({ status: incoming.statusCode, body });
        });
        outgoing.once('error', reject).end();
      });
    }

    it.each(ODD)('a certificate that %s', async (_, make, __, reason) => {
      const { status, body } = await ask({ cert: make(), key: key.privateKey });
      expect([status, JSON.parse(body).code]).toEqual([403, 'CERTIFICATE_REFUSED']);
      await audited(under.system, 'gateway', 'certificate-refused', { reason });
    });

    it('a certificate that is revoked', async () => {
      const sato = await enrol(under.system, 'sato', '佐藤');
      const own = { cert: readFileSync(sato.clientCert, 'utf8'), key: readFileSync(sato.clientKey, 'utf8') };
      expect((await ask(own)).status, 'let in, but not signed in').toBe(401);
      const { serialNumber } = new X509Certificate(own.cert);
      await mustRun('certs/main.ts', [
        ...['revoke', '--dir', under.system.pki.dir, '--kind', 'user'],
        ...['--serial', serialNumber, '--reason', 'keyCompromise'],
      ]);
      await expect.poll(async () => (await ask(own)).status).toBe(403);
      await audited(under.system, 'gateway', 'certificate-refused', { reason: 'CERTIFICATE_REVOKED' });
      const ended = await connect(sato.folder, '--user', 'sato', '--totp-uri', sato.totpFile);
      expectLine(ended, 1, /^CERTIFICATE_REFUSED: /);
    });

    it('no certificate: a page that says what to do, or the code', async () => {
      const page = await ask({}, 'text/html');
      expect([page.status, page.body.includes('証明書')]).toEqual([403, true]);
      const { status, body } = await ask({});
      expect([status, JSON.parse(body).code]).toEqual([403, 'CERTIFICATE_REQUIRED']);
    });
  });

  describe('at sign-in', () => {
    it.each([
      ['a wrong code', '000000'],
      ['a code of another form', 'abc'],
    ])('%s', async (_, code) => {
      expectLine(await connect(suzuki.folder, '--otp', code), 1, /^SIGN_IN_REFUSED: /);
    });

    it('a code that was used before', async () => {
      await renewFactor(under.system, suzuki);
      const source = { otp: undefined, uriFile: suzuki.totpFile, ageSeconds: 0 };
      const code = await oneTimeCode(source, Date.now());
      const desktop = ['--desktop', idOf('pc-01')];
      expect((await connect(suzuki.folder, ...desktop, '--otp', code)).code).toBe(0);
      expectLine(await connect(suzuki.folder, ...desktop, '--otp', code), 1, /^SIGN_IN_REFUSED: /);
      await audited(under.system, 'gateway', 'sign-in-refused', { reason: 'TOTP_REPLAYED' });
    });

    it('an account that is switched off', async () => {
      await renewFactor(under.system, suzuki);
      await administer(under.system, 'user.disable', suzuki);
      const ended = await connect(suzuki.folder, '--totp-uri', suzuki.totpFile);
      await administer(under.system, 'user.enable', suzuki);
      expectLine(ended, 1, /^SIGN_IN_REFUSED: /);
    });
  });

  describe('at the opening of a desktop', () => {
    const pinned = (name: string) => JSON.parse(readFileSync(join(suzuki.folder, 'pins.json'), 'utf8'))[idOf(name)];
    /** As if the device had been paired with this desktop. */
    const pinsOf = (desktop: string, pin = pinned('pc-01')) => ({ 'pins.json': JSON.stringify({ [desktop]: pin }) });

    it.each([
      ['a desktop that nobody knows', idOf('pc-99')],
      ['a desktop of another municipality', '888888/soumu/pc-01'],
      ['a desktop that is none', '../../etc/passwd'],
    ])('%s', async (_, desktop) => {
      expectLine(await signIn(credentials(pinsOf(desktop)), '--desktop', desktop), 1, /^NOT_ENTITLED: /);
    });

    it('a desktop without an entitlement', async () => {
      await administer(under.system, 'entitlement.remove', suzuki, { desktop: idOf('pc-01') });
      const ended = await signIn(suzuki.folder, '--desktop', idOf('pc-01'));
      await administer(under.system, 'entitlement.add', suzuki, { desktop: idOf('pc-01') });
      expectLine(ended, 1, /^NOT_ENTITLED: /);
    });

    it('a desktop that is entitled but does not exist', async () => {
      await administer(under.system, 'entitlement.add', suzuki, { desktop: idOf('pc-77') });
      const ended = await signIn(credentials(pinsOf(idOf('pc-77'))), '--desktop', idOf('pc-77'));
      expectLine(ended, 1, /^DESKTOP_OFFLINE: /);
    });

    it('a VNC server that is not there: the agent itself says so', async () => {
      const ended = await signIn(suzuki.folder, '--desktop', idOf('no-vnc'));
      expectLine(ended, 1, /^DESKTOP_OFFLINE: (?!.*not authenticated)/);
      await audited(under.system, 'agent', 'desktop-lost', { reason: 'DESKTOP_UNREACHABLE', desktop: idOf('no-vnc') });
    });

    it('a device that is not paired at all', async () => {
      const ended = await signIn(credentials({ 'pins.json': null }), '--desktop', idOf('pc-01'));
      expectLine(ended, 1, /not paired/);
    });

    it('a device whose key is not the paired one: the agent itself says so', async () => {
      const folder = credentials({ 'device.key.pem': newSigningKeyPem() });
      const ended = await signIn(folder, '--desktop', idOf('pc-01'));
      expectLine(ended, 1, /^NOT_PAIRED: (?!.*not authenticated)/);
      await audited(under.system, 'agent', 'handshake-refused', { reason: 'PROOF_WRONG' });
    });

    it('an agent that shows another key than the pinned one', async () => {
      const { publicKey } = importSigningKey(newSigningKeyPem());
      const folder = credentials(pinsOf(idOf('pc-01'), toBase64Url(publicKey)));
      const ended = await signIn(folder, '--desktop', idOf('pc-01'));
      expectLine(ended, 1, /^AGENT_KEY_WRONG: (?!.*not authenticated)/);
    });

    it.each([
      ['a wrong pairing code', '0000-0000-0000-0000'],
      ['a pairing code of another form', 'hello'],
    ])('%s', async (_, code) => {
      await callLocal(under.system.sockets.agent, 'pair', { user: 'suzuki', desktop: idOf('pc-01'), add: true });
      const ended = await signIn(credentials(), '--desktop', idOf('pc-01'), '--pair-code', code);
      expectLine(ended, 1, /^PAIRING_REFUSED: /);
    });

    it('a ticket that is shown too late', async () => {
      await delay(Math.max(0, early.at + TICKET_LIFE_MS + 100 - performance.now()));
      const socket = await client.around.dial();
      const inbox = new Inbox(socket);
      socket.sendText(JSON.stringify({ type: 'ticket', ticket: early.ticket }));
      await expect(inbox.nextText()).rejects.toThrow('TICKET_REFUSED');
    });

    it('an agent that is switched off, and on again', async () => {
      await under.system.processes.agent.stop();
      const ended = await signIn(suzuki.folder, '--desktop', idOf('pc-01'));
      await under.system.restart('agent');
      expectLine(ended, 1, /^DESKTOP_OFFLINE: /);
      await expect.poll(() => callLocal(under.system.sockets.agent, 'status')).toMatchObject({ broker: 'up' });
    });
  });

  it('and after all of it a good session still opens', async () => {
    expect(await good()).toMatchObject({ signedIn: 'suzuki', desktop: idOf('pc-01') });
  });

  it('and no process has printed a stack', () => {
    for (const name of PROCESSES) {
      const log = readFileSync(join(under.system.folder, 'log', `${name}.log`), 'utf8');
      expect(hasStack(log), name).toBe(false);
    }
  });
});
