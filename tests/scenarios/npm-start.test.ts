// What npm start promises: the self-check's object, the access object that an independent script can sign in with, and
// that nothing of it is left behind, however it ends.
import { type ChildProcess, spawn } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadImage } from '@napi-rs/canvas';
import { generate } from 'otplib';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { ROOT, run } from '#lab/process.ts';
import { logsIn } from '#tests/support/system.ts';

const WAIT = { timeout: 30_000, interval: 50 };

const folder = mkdtempSync(join(tmpdir(), 'telework-start-'));
const optionsFor = (state: string) => ['--json', '--port', '0', '--state', join(folder, state)];
const started: ChildProcess[] = [];
afterEach(({ task }) => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  if (task.result?.state !== 'fail') return;
  for (const state of readdirSync(folder)) process.stderr.write(logsIn(join(folder, state, 'log')));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** In a process group of its own, as a terminal starts a command. */
function startLab(): { lab: ChildProcess; output: () => string } {
  const lab = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'lab/main.ts', ...optionsFor('up')], {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(lab);
  let text = '';
  for (const stream of [lab.stdout, lab.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  return { lab, output: () => text };
}

/** Every process with our folder on its command line, but the lab itself. */
function processesOf(lab: ChildProcess): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== lab.pid && commandOf(pid).includes(folder));
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

describe('npm start -- --once --json', () => {
  it('prints one object with what was measured, and leaves a screenshot that only its owner reads', async () => {
    const { code, stdout, stderr } = await run('lab/main.ts', ['--once', ...optionsFor('once')]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({
      signedIn: 'tanaka',
      factors: ['mtls', 'otp'],
      desktop: '999999/soumu/pc-01',
      suite: 'P256-MLKEM768-AES256GCM',
      tlsGroup: 'X25519MLKEM768',
      firstFrameMs: expect.any(Number),
      inputToPixelMs: expect.any(Number),
      frameBytes: expect.any(Number),
      screenshot: join(folder, 'once', 'screenshot.png'),
    });
    expect(statSync(result.screenshot).mode & 0o777).toBe(0o600);
    const { width, height } = await loadImage(readFileSync(result.screenshot));
    expect({ width, height }).toEqual({ width: result.width, height: result.height });
  });
});

describe('npm start -- --json', () => {
  it('gives a script all it needs to sign in by itself, and is gone after Ctrl-C', async () => {
    const { lab, output } = startLab();
    await vi.waitFor(() => expect(output()).toMatch(/^\{.*\}\n$/), { timeout: 90_000, interval: 50 });
    const access = JSON.parse(output());
    expect(Object.keys(access)).toEqual(
      expect.arrayContaining(
        'gateway user desktop ca clientCert clientKey p12 p12Password totp deviceKey agentKey agentSocket pids'.split(
          ' ',
        ),
      ),
    );
    const pids: number[] = Object.values(access.pids);
    expect(pids.toSorted()).toEqual(processesOf(lab).toSorted());
    // Node would listen for a debugger from here on, and say so in the log that is read at the end.
    for (const pid of pids) process.kill(pid, 'SIGUSR1');

    const byScript = await signInByScript(access);
    expect(byScript).toEqual({ user: 'tanaka', desktops: [access.desktop], paired: true });
    expect(await statusWithP12(access)).toBe(200);
    expect(createPrivateKey(readFileSync(access.deviceKey)).asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(Buffer.from(access.agentKey, 'base64url')).toHaveLength(65);
    const status = await run('agent/command.ts', ['status', '--json', '--socket', access.agentSocket]);
    expect(status.code).toBe(0);
    for (const path of [access.clientKey, access.p12, access.deviceKey, access.agentSocket]) {
      expect({ path, mode: statSync(path).mode & 0o777 }).toEqual({ path, mode: 0o600 });
    }

    const exited = once(lab, 'exit');
    process.kill(-(lab.pid as number), 'SIGINT');
    expect(await exited).toEqual([0, null]);
    expect(processesOf(lab)).toEqual([]);
    expect(logsIn(join(folder, 'up', 'log'))).not.toMatch(/debugger|inspector/i);
  });

  it('says which process died, keeps the others up, and still ends with Ctrl-C', async () => {
    const { lab, output } = startLab();
    await vi.waitFor(() => expect(output()).toMatch(/^\{.*\}\n$/), { timeout: 90_000, interval: 50 });
    const access = JSON.parse(output());
    const { agent, broker, gateway } = access.pids;
    process.kill(agent, 'SIGKILL');
    await vi.waitFor(() => expect(output()).toMatch(/\n[^\n]* \/ agent ended; see [^\n]*agent\.log\n$/), WAIT);
    expect(processesOf(lab).toSorted()).toEqual([broker, gateway].toSorted());
    expect(await statusWithP12(access)).toBe(200);

    const exited = once(lab, 'exit');
    process.kill(-(lab.pid as number), 'SIGINT');
    expect(await exited).toEqual([0, null]);
    expect(processesOf(lab)).toEqual([]);
    expect(output().match(/ended; see/g)).toHaveLength(1);
  });

  it('says that it was stopped half-way, leaves nothing running, and starts from what is there', async () => {
    const { lab, output } = startLab();
    await vi.waitFor(() => expect(processesOf(lab).map(commandOf).join()).toContain('certs/main.ts'), WAIT);
    const exited = once(lab, 'exit');
    lab.kill('SIGINT');
    expect(await exited).toEqual([1, null]);
    expect(output()).toMatch(/^[^\n]* \/ stopped before everything was up and checked\n$/);
    expect(processesOf(lab)).toEqual([]);
  });

  it('takes its processes along when it is killed', async () => {
    const { lab } = startLab();
    await vi.waitFor(() => {
      const commands = processesOf(lab).map(commandOf).join();
      for (const name of ['broker', 'gateway', 'agent']) expect(commands).toContain(`${name}/main.ts`);
    }, WAIT);
    lab.kill('SIGKILL');
    await vi.waitFor(() => expect(processesOf(lab)).toEqual([]), WAIT);
  });
});

interface Access {
  gateway: string;
  desktop: string;
  ca: string;
  clientCert: string;
  clientKey: string;
  p12: string;
  p12Password: string;
  totp: string;
}

/** As anybody would write it who knows docs/api.md and nothing of this code. */
async function signInByScript(access: Access) {
  const tls = {
    ca: readFileSync(access.ca),
    cert: readFileSync(access.clientCert),
    key: readFileSync(access.clientKey),
  };
  let cookie = '';
  const ask = async (method: string, path: string, body?: object) => {
    const outgoing = request(new URL(path, access.gateway), {
      ...tls,
      method,
      headers: { origin: access.gateway, cookie, 'content-type': 'application/json' },
    });
    outgoing.end(body && JSON.stringify(body));
    const [incoming] = await once(outgoing, 'response');
    cookie = incoming.headers['set-cookie']?.[0].split(';')[0] ?? cookie;
    return JSON.parse((await incoming.setEncoding('utf8').toArray()).join(''));
  };
  const secret = new URL(access.totp).searchParams.get('secret') ?? '';
  const { user } = await ask('POST', '/api/sign-in/totp', { code: await generate({ secret }) });
  const { desktops } = await ask('GET', '/api/desktops');
  const hello = Buffer.alloc(32).toString('base64url');
  const { ticket } = await ask('POST', '/api/desktops/open', { desktop: access.desktop, mode: 'open', hello });

  const relay = new URL('/relay', access.gateway.replace('https', 'wss'));
  const socket = new WebSocket(relay, { ...tls, headers: { origin: access.gateway, cookie } });
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'ticket', ticket }));
  const [message] = await once(socket, 'message');
  socket.terminate();
  const paired = JSON.parse(String(message)).type === 'paired';
  return { user, desktops: desktops.map(({ desktop }: { desktop: string }) => desktop), paired };
}

async function statusWithP12(access: Access): Promise<number> {
  const outgoing = request(new URL('/healthz', access.gateway), {
    ca: readFileSync(access.ca),
    pfx: readFileSync(access.p12),
    passphrase: access.p12Password,
  });
  outgoing.end();
  const [incoming] = await once(outgoing, 'response');
  incoming.resume();
  return incoming.statusCode;
}
