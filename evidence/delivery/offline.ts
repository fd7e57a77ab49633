// J6: the package is unpacked and the whole system runs from it where there is no network: a namespace with loopback alone.
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, relative } from 'node:path';
import * as z from 'zod';
import { type Judgement, NotRun, type Proof } from '../proof.ts';
import { packages } from './packages.ts';
import { type Ended, lastLine, runProgram } from './program.ts';
import { verdict } from './verdict.ts';

const probed = z.object({
  interfaces: z.array(z.string()),
  routes: z.array(z.string()),
  /** How a connection to that place ended: "connected", or an error's code. */
  host: z.string(),
  outside: z.string(),
  /** The program that ran it, from the unpacked package. */
  node: z.string(),
});
const worked = z.object({ signedIn: z.string(), suite: z.string(), desktop: z.string(), screenshot: z.string() });

export interface OfflineSeen {
  /** From within the namespace, by the package's own Node.js, before the system starts there. */
  readonly within: z.infer<typeof probed>;
  /** The same connection to a listener of this host from outside the namespace. */
  readonly hostFromHere: string;
  readonly exitCode: number | null;
  /** What the self-check says it has done; null if it said nothing. */
  readonly worked: z.infer<typeof worked> | null;
  readonly screenshotBytes: number;
  readonly lastLine: string;
}

/** Asks what the namespace has, and tries a listener of the host and an address of nobody (RFC 5737). */
const PROBE = `
  import { execFileSync } from 'node:child_process';
  import { connect } from 'node:net';
  const lines = (...args) => execFileSync('ip', args, { encoding: 'utf8' }).split('\\n').filter(Boolean);
  const attempt = (host, port) => new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 });
    const end = (how) => { socket.destroy(); resolve(how); };
    socket.on('connect', () => end('connected')).on('error', (error) => end(error.code)).on('timeout', () => end('timeout'));
  });
  const interfaces = lines('-o', 'link').map((line) => line.split(': ')[1]);
  const routes = [...lines('route'), ...lines('-6', 'route')];
  const [host, outside] = [await attempt('127.0.0.1', Number(process.argv[1])), await attempt('192.0.2.1', 443)];
  console.log(JSON.stringify({ interfaces, routes, host, outside, node: process.execPath }));
`;

export const offline: Proof<OfflineSeen> = {
  name: 'j6-offline',
  requirements: ['J6'],
  claim: {
    ja: '配布物だけで、ネットワークなしで導入でき、全体が動く',
    en: 'the package alone can be installed and runs whole without a network',
  },
  tried: {
    ja: '空のフォルダーに配布物を展開し、ループバックしかない名前空間の中で、その Node.js により全体を起動してサインインから文字入力まで行った。外へ出られないことは、この機械の待受と文書用アドレスへの接続で確かめた',
    en: 'unpacked the package into an empty folder and ran the whole system from it, by its own Node.js, in a namespace with loopback alone: sign-in, a desktop, text typed. That nothing is reachable from there was tried on a listener of this host and an address of nobody',
  },
  needs: [
    { program: 'unshare', package: 'util-linux' },
    { program: 'ip', package: 'iproute2' },
  ],
  async collect(run) {
    run.progress(0.1, 'the package');
    const { unpacked } = await run.stage(packages);
    const node = join(unpacked, 'node_modules/.bin/node');
    const home = join(dirname(unpacked), 'home');
    mkdirSync(home, { mode: 0o700 });
    const at = { cwd: unpacked, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: home }, signal: run.signal };
    const apart = (...args: string[]) =>
      runProgram('unshare', [...NAMESPACE, 'sh', '-c', LOOPBACK_UP, 'sh', node, ...args], at);
    const listener = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => listener.once('listening', resolve));
    const { port } = listener.address() as { port: number };
    try {
      const probe = ['--input-type=module', '--eval', PROBE, String(port)];
      const within = await apart(...probe);
      if (within.stderr.startsWith('unshare:')) {
        const why = lastLine(within);
        throw new NotRun({ ja: `名前空間を作れません: ${why}`, en: `no namespace can be made here: ${why}` });
      }
      if (within.code !== 0) throw new Error(lastLine(within));
      const here = await runProgram(node, probe, at);
      run.progress(0.5, 'the system in there');
      const state = join(home, 'state');
      const flags = ['--disable-sigusr1', '--disable-warning=ExperimentalWarning'];
      const ended = await apart(...flags, 'lab/main.ts', '--once', '--json', '--state', state);
      writeFileSync(join(run.folder, 'probe.json'), within.stdout);
      writeFileSync(join(run.folder, 'self-check.txt'), `${ended.stdout}${ended.stderr}`);
      return seenOf(unpacked, within, here, ended);
    } finally {
      listener.close();
    }
  },
  judge: judgeOffline,
};

/** Root needs no user namespace, which a container may forbid; anybody else does. */
const NAMESPACE = process.getuid?.() === 0 ? ['--net'] : ['--net', '--map-root-user'];
const LOOPBACK_UP = 'ip link set lo up && exec "$@"';

function seenOf(unpacked: string, within: Ended, here: Ended, ended: Ended): OfflineSeen {
  const found = probed.parse(JSON.parse(within.stdout));
  const said = worked.safeParse(ended.code === 0 ? JSON.parse(ended.stdout) : null);
  return {
    within: { ...found, node: relative(unpacked, found.node) },
    hostFromHere: probed.parse(JSON.parse(here.stdout)).host,
    exitCode: ended.code,
    worked: said.success ? said.data : null,
    screenshotBytes: said.success ? (statSync(said.data.screenshot, { throwIfNoEntry: false })?.size ?? 0) : 0,
    lastLine: lastLine(ended),
  };
}

export function judgeOffline(seen: OfflineSeen): Judgement {
  const { within, hostFromHere, exitCode, worked: done, screenshotBytes, lastLine: last } = seen;
  const wrong = [
    ...(within.interfaces.join() === 'lo' ? [] : [`the namespace has ${within.interfaces.join(', ')}`]),
    ...(within.routes.length === 0 ? [] : [`the namespace has routes: ${within.routes.join('; ')}`]),
    ...(within.host !== 'connected' ? [] : ['a listener of the host is reachable from the namespace']),
    ...(within.outside === 'ENETUNREACH' ? [] : [`an address outside: ${within.outside}`]),
    ...(hostFromHere === 'connected' ? [] : ['the same listener is not reachable from outside the namespace either']),
    ...(/^node_modules\/node-[\w-]+\/bin\/node$/.test(within.node) ? [] : [`ran by ${within.node}`]),
    ...(exitCode === 0 && done ? [] : [`the system did not work: ${last}`]),
    ...(screenshotBytes > 1000 ? [] : ['there is no picture of the desktop']),
  ];
  return verdict(wrong, {
    ja: `ループバックだけの名前空間で、${done?.signedIn} がサインインし、${done?.desktop} を ${done?.suite} で開いて文字を入力した。外への接続は ${within.outside}`,
    en: `in a namespace with loopback alone ${done?.signedIn} signed in, opened ${done?.desktop} by ${done?.suite} and typed; a connection outwards: ${within.outside}`,
  });
}
