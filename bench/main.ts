// npm run bench: for now the doors of the gateway, on this machine, over loopback.
import { arch, cpus, release } from 'node:os';
import { resolve } from 'node:path';
import { readCertified } from '#client-sim/credentials.ts';
import { enrol } from '#lab/person.ts';
import { bringUp } from '#lab/system.ts';
import { clientTlsOf } from '#platform/hop/tls.ts';
import { parseArguments } from '#platform/process/args.ts';
import { Failure, runCommand } from '#platform/process/exit.ts';
import { measureHandshakes } from './handshakes.ts';
import { measureRequests } from './requests.ts';

const USAGE = `npm run bench [-- options]   what the gateway's doors cost, with client certificates, over loopback

  --seconds N      of each measurement, 1 to 60 (default 5)
  --parallel N     handshakes at the same time, 1 to 64 (default 4)
  --state DIR      where the system under test is kept (default var/bench)
  --json           print one object

Client and gateway share this machine's cores, so read the figures as ratios between runs on it, nothing more.`;

/** Half of what the gateway allows one certificate. */
const REQUESTS_PER_SECOND = 10;

await runCommand(async () => {
  const { values } = parseArguments(USAGE, {
    seconds: { type: 'string', default: '5' },
    parallel: { type: 'string', default: '4' },
    state: { type: 'string', default: 'var/bench' },
    json: { type: 'boolean', default: false },
  });
  const seconds = wholeNumber('seconds', values.seconds, 60);
  const parallel = wholeNumber('parallel', values.parallel, 64);
  const system = await bringUp({
    folder: resolve(values.state),
    desktops: [{ name: 'pc-01', kind: 'office' }],
    port: 0,
  });
  try {
    const person = await enrol(system, 'bench', 'ベンチ太郎');
    const { tls } = readCertified(person.folder, null, Date.now());
    const gateway = new URL(system.gateway);
    const { key, cert, ca } = tls.pem;
    const health = await measureRequests(gateway, '/healthz', { key, cert, ca }, REQUESTS_PER_SECOND, seconds);
    if (health.refused > 0) throw new Failure(`${health.refused} requests were refused; nothing was measured`, 3);
    const dial = { ...clientTlsOf(tls, gateway.hostname), host: '127.0.0.1', port: Number(gateway.port) };
    const handshakes = await measureHandshakes(dial, seconds, parallel, values.json ? () => {} : bar());
    const machine = {
      node: process.version,
      openssl: process.versions.openssl,
      cpu: cpus()[0]?.model,
      arch: arch(),
      kernel: release(),
    };
    const report = { machine, seconds, parallel, requests: [health], handshakes };
    process.stdout.write(
      values.json
        ? `${JSON.stringify(report)}\n`
        : `\nGET /healthz at ${REQUESTS_PER_SECOND}/s: p50 ${health.p50Ms} ms, p99 ${health.p99Ms} ms\n` +
            `mTLS handshakes (${handshakes.group}, ${parallel} at a time): ${handshakes.perSecond.toFixed(0)}/s, ` +
            `p50 ${handshakes.p50Ms.toFixed(1)} ms, p99 ${handshakes.p99Ms.toFixed(1)} ms\n` +
            `Node ${machine.node}, OpenSSL ${machine.openssl}, ${machine.cpu}\n`,
    );
    return 0;
  } finally {
    await system.stop();
  }
});

function wholeNumber(name: string, value: string, most: number): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > most) throw new Failure(`--${name} must be 1 to ${most}`, 2);
  return number;
}

/** On a terminal only; a log needs no bar. */
function bar(): (done: number) => void {
  if (!process.stderr.isTTY) return () => {};
  return (done) => process.stderr.write(`\r[${'#'.repeat(Math.min(30, Math.round(done * 30))).padEnd(30)}]`);
}
