// npm start: the whole system on this machine, a self-check that uses it as a teleworker would, then up until Ctrl-C.
import { readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import * as z from 'zod';
import { parseArguments } from '#platform/process/args.ts';
import { Failure, runCommand } from '#platform/process/exit.ts';
import { employ, type PageAdministrator } from './administrator.ts';
import { enrol, hasPasskey, type Person, pairingCode } from './person.ts';
import { type Running, run } from './process.ts';
import { bringUp, type DesktopSpec, type Step, type System } from './system.ts';

const USAGE = `
npm start [-- options]        本システムを一式起動し、動作を確かめます / brings the whole system up and checks it

  --once            stop after the self-check
  --json            print one object instead of text
  --vnc ADDRESS     use a real VNC desktop: unix:/path.sock or 127.0.0.1:5901
  --vnc-password-file FILE
  --port NUMBER     of the gateway (default 8443; 0 takes a free one)
  --state DIR       where everything is kept (default var)
`;

const STEPS: Record<Step | 'user' | 'check' | 'wait', string> = {
  page: 'ブラウザー用の画面 / page for the browser',
  certificates: '証明書 / certificates',
  broker: '中継 / broker',
  gateway: 'ゲートウェイ / gateway',
  agent: '庁内エージェント / agent',
  user: '利用者の登録 / enrolling a user',
  check: '動作確認 / self-check',
  wait: '次の認証コードを待っています(30 秒まで)/ waiting for the next one-time code (up to 30 s)',
};
const TEXT = 'Hello, LGWAN!\nテレワークのテストです。\n';
/** A code is taken once; the next step's is new. */
const STEP_MS = 30_000;
const PARENT_LOOK_MS = 500;

const checked = z.looseObject({ signedIn: z.string(), screenshot: z.string() });

await runCommand(async () => {
  const { values } = parseArguments(USAGE, {
    once: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    vnc: { type: 'string' },
    'vnc-password-file': { type: 'string' },
    port: { type: 'string', default: '8443' },
    state: { type: 'string', default: 'var' },
  });
  const folder = resolve(values.state);
  const say = (line: string) => {
    if (!values.json) process.stdout.write(`${line}\n`);
  };
  const step = (name: keyof typeof STEPS) => say(`  … ${STEPS[name]}`);

  say('LGWAN テレワーク基盤 / LGWAN telework');
  const desktop = desktopOf(values.vnc, values['vnc-password-file']);
  const port = portOf(values.port);
  const stopping = new AbortController();
  const { signal } = stopping;
  const stopped = stopOnSignal(stopping);
  let system: System | null = null;
  try {
    system = await bringUp({ folder, desktops: [desktop], port, progress: step, signal });
    step('user');
    const [person, administrator] = await Promise.all([enrol(system, 'tanaka', '田中太郎'), employ(system, 'yamada')]);
    step('check');
    const result = await selfCheck(system, await checker(system, person), signal, () => step('wait'));
    if (values.once) say(summary(result));
    if (values.once && values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    if (values.once) return 0;
    if (values.json) process.stdout.write(`${JSON.stringify(access(system, person, administrator))}\n`);
    say(summary(result));
    say(howToGoOn(system, person, administrator));
    return await Promise.race([stopped, allEnded(system, signal)]);
  } catch (error) {
    if (signal.aborted) throw new Failure('起動の途中で止めました / stopped before everything was up and checked');
    throw error instanceof Failure ? error : new Failure((error as Error).message);
  } finally {
    await system?.stop();
  }
});

function desktopOf(vnc: string | undefined, passwordFile: string | undefined): DesktopSpec {
  if (!vnc) return { name: 'pc-01', kind: 'office' };
  return {
    name: 'vnc-01',
    kind: 'vnc',
    address: vnc,
    ...(passwordFile ? { passwordFile: resolve(passwordFile) } : {}),
  };
}

function portOf(value: string): number {
  const port = Number(value);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Failure('--port must be 0 to 65535', 2);
  return port;
}

function stopOnSignal(stopping: AbortController): Promise<0> {
  return new Promise((resolve) => {
    const stop = () => {
      stopping.abort();
      resolve(0);
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
    if (process.env.npm_lifecycle_event) onceParentIsGone(stop);
  });
}

/** npm passes SIGINT and SIGTERM on, since its shell is replaced by us (exec); of a SIGKILL nobody tells us. */
function onceParentIsGone(then: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    then();
  }, PARENT_LOOK_MS).unref();
}

/** A process that dies is told, and the others stay up, as on three hosts. */
async function allEnded(system: System, signal: AbortSignal): Promise<never> {
  await Promise.all(
    Object.values(system.processes).map(async ({ name, exited }) => {
      await exited;
      if (signal.aborted) return;
      const log = relative('.', join(system.folder, 'log', `${name}.log`));
      process.stderr.write(`${name} が終了しました / ${name} ended; see ${log}\n`);
    }),
  );
  throw new Failure('すべてのプロセスが終了しました / every process has ended');
}

/** Where the person has paired a passkey in the browser, no device key of that person opens the desktop any more. */
async function checker(system: System, person: Person): Promise<Person> {
  const [desktop] = system.desktops as [string];
  return (await hasPasskey(system, person, desktop)) ? await enrol(system, 'kakunin', '動作確認') : person;
}

/**
 * Uses the system as a teleworker does. It takes the code of the step before, which the gateway still accepts, so that
 * the current one stays free for whoever signs in next.
 */
async function selfCheck(
  system: System,
  person: Person,
  signal: AbortSignal,
  waiting: () => void,
): Promise<z.infer<typeof checked>> {
  const [desktop] = system.desktops as [string];
  const code = await pairingCode(system, person, desktop);
  const attempt = (age: number, pairing: string | null) =>
    run(
      'client-sim/main.ts',
      [
        ...['--user', person.user, '--credentials', person.folder, '--gateway', system.gateway, '--desktop', desktop],
        ...['--totp-uri', person.totpFile, '--otp-age', String(age), '--json'],
        ...['--type', TEXT, '--screenshot', join(system.folder, 'screenshot.png')],
        ...(pairing ? ['--pair-code', pairing] : []),
      ],
      { signal },
    );
  const refused = () => outcome.stderr.includes('SIGN_IN_REFUSED');
  let outcome = await attempt(30, code);
  if (refused()) {
    // The run before may have taken the code of the step before, or somebody the current one.
    waiting();
    await nextStep(signal);
    outcome = await attempt(30, code);
    if (refused()) outcome = await attempt(0, code);
  }
  if (outcome.code !== 0) throw new Failure(outcome.stderr.trim().split('\n').at(-1) ?? 'the self-check failed');
  return checked.parse(JSON.parse(outcome.stdout));
}

function nextStep(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, STEP_MS - (Date.now() % STEP_MS) + 500);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new Error('stopped'));
    });
  });
}

/** What a script needs to sign in by itself. */
function access(system: System, person: Person, administrator: PageAdministrator) {
  const { folder, gateway, sockets, processes } = system;
  const [desktop] = system.desktops;
  const pins = z
    .record(z.string(), z.string())
    .parse(JSON.parse(readFileSync(join(person.folder, 'pins.json'), 'utf8')));
  return {
    gateway,
    enrolment: system.enrolment,
    administration: {
      ...{ url: system.administration, name: administrator.name, ca: administrator.ca },
      ...{ clientCert: administrator.clientCert, clientKey: administrator.clientKey },
      ...{ p12: administrator.p12, p12Password: administrator.p12Password },
    },
    user: person.user,
    desktop,
    ca: person.ca,
    clientCert: person.clientCert,
    clientKey: person.clientKey,
    p12: person.p12,
    p12Password: person.p12Password,
    totp: person.totp,
    deviceKey: person.deviceKey,
    agentKey: pins[desktop ?? ''],
    agentSocket: sockets.agent,
    adminSocket: sockets.admin,
    brokerSocket: sockets.broker,
    credentials: person.folder,
    state: folder,
    metrics: Object.fromEntries(Object.values(processes).map((one) => [one.name, metricsOf(one)])),
    pids: Object.fromEntries(Object.values(processes).map((one) => [one.name, one.pid])),
  };
}

function metricsOf({ ready }: Running): string {
  return `http://127.0.0.1:${ready.metricsPort}/metrics`;
}

function summary(result: Record<string, unknown>): string {
  const { signedIn, factors, desktop, suite, tlsGroup, firstFrameMs, inputToPixelMs, frameBytes, screenshot } = result;
  return `
  ✓ サインイン / signed in          ${signedIn} (${(factors as string[]).join(' + ')})
  ✓ 画面 / desktop                  ${desktop}
  ✓ 端末間暗号 / end to end         ${suite}   TLS: ${tlsGroup}
  ✓ 最初の画面 / first frame        ${firstFrameMs} ms
  ✓ 入力から画素 / input to pixel   ${inputToPixelMs} ms
  ✓ 受信 / received                 ${frameBytes} bytes
  ✓ 画面の写し / screenshot         ${relative('.', String(screenshot))}`;
}

function howToGoOn(system: System, person: Person, administrator: PageAdministrator): string {
  const at = (path: string) => relative('.', path) || '.';
  const [desktop] = system.desktops;
  return `
ブラウザーで開く / in a browser:  ${system.gateway}/
  端末に入れる証明書 / install this certificate      ${at(person.p12)}
    そのパスワード / its password                    ${at(join(person.folder, 'p12.password'))}
  信頼する認証局 / trust this authority              ${at(person.ca)}
  認証アプリに登録 / for your authenticator app      ${at(person.totpFile)}
  端末登録コード / a code to pair the browser        npm run agent -- pair --add --socket ${at(system.sockets.agent)} \\
                                                       --user ${person.user} --desktop ${desktop}

管理者の画面 / the administrators' page:  ${system.administration}/
  管理者用の証明書 / install this certificate        ${at(administrator.p12)}
    そのパスワード / its password                    ${at(join(administrator.folder, 'p12.password'))}
  信頼する認証局 / trust this authority              ${at(administrator.ca)}
  利用開始コード / a code to begin with              npm run admin -- --socket ${at(system.sockets.admin)} \\
                                                       administrator activate --name ${administrator.name}

証明書のない人の申請先 / whoever has no certificate asks here:  ${system.enrolment}/

端末から使う / from another terminal:
  npm run connect -- --user ${person.user} --gateway ${system.gateway} --credentials ${at(person.folder)} \\
      --totp-uri ${at(person.totpFile)} --type "こんにちは" --screenshot var/mine.png
  npm run agent -- status --socket ${at(system.sockets.agent)}
  npm run admin -- --socket ${at(system.sockets.admin)} session list
  npm run meter -- --socket ${at(system.sockets.broker)}
  curl ${metricsOf(system.processes.broker)}
  npm run audit -- verify ${at(join(system.folder, 'gateway', 'state'))}

ログ / logs: ${at(join(system.folder, 'log'))}    Ctrl-C で終了 / Ctrl-C stops everything`;
}
