// T16: after a whole session nothing secret lies in a log, an audit log or a state file of gateway, broker or agent: not
// what was typed, not the one-time code, the cookie, the pairing code, the grant, nor the password of the .p12.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { oneTimeCode } from '#client-sim/one-time-code.ts';
import { pairingCode } from '#lab/person.ts';
import { run } from '#lab/process.ts';
import { useSystem } from '#tests/support/system.ts';

const TYPED = 'Kyuuyomeisai-20261122-Himitsu';

describe('what a session leaves behind on the hosts (T16)', () => {
  const under = useSystem(() => [{ name: 'pc-01', kind: 'office' }]);
  let secrets: Record<string, string> = {};
  const files = new Map<string, Buffer>();

  beforeAll(async () => {
    const { system, tanaka } = under;
    const [desktop] = system.desktops as [string];
    const code = (await pairingCode(system, tanaka, desktop)) as string;
    const otp = await oneTimeCode({ otp: undefined, uriFile: tanaka.totpFile, ageSeconds: 0 }, Date.now());
    const outcome = await run('client-sim/main.ts', [
      ...['--user', 'tanaka', '--credentials', tanaka.folder, '--gateway', system.gateway, '--json'],
      ...['--otp', otp, '--pair-code', code, '--type', TYPED],
    ]);
    expect(outcome.stderr).toBe('');
    secrets = {
      'the typed text': TYPED,
      'the pairing code as printed': code,
      'the pairing code without hyphens': code.replaceAll('-', ''),
      'the TOTP secret': new URL(tanaka.totp).searchParams.get('secret') as string,
      'the password of the .p12': tanaka.p12Password,
      'the one-time code': `"${otp}"`,
      'a cookie': '__Host-telework=',
      'a private key in a log or a state file': 'PRIVATE KEY-----',
    };
    for (const part of ['log', 'gateway/state', 'broker/state', 'agent/state']) {
      for (const path of filesBelow(join(system.folder, part))) files.set(path, readFileSync(path));
    }
  }, 60_000);

  it('is something: logs, audit logs and states of all three', () => {
    expect(files.size).toBeGreaterThanOrEqual(7);
    const everything = Buffer.concat([...files.values()]);
    // Positive control: names that must be there are found by the same search.
    expect(everything.includes('sign-in-succeeded')).toBe(true);
    expect(everything.includes('session-ended')).toBe(true);
  });

  it('is not what is secret', () => {
    const found = Object.entries(secrets).flatMap(([what, secret]) =>
      [...files].filter(([, bytes]) => bytes.includes(secret)).map(([path]) => `${what} in ${path}`),
    );
    expect(found).toEqual([]);
  });

  it('is no grant or lease in a log: the state alone keeps a grant, until its ticket is redeemed', () => {
    const found = [...files].filter(([path, bytes]) => !path.includes('sqlite') && bytes.includes('eyJ'));
    expect(found.map(([path]) => path)).toEqual([]);
  });

  it('is nothing that others may read', () => {
    for (const path of files.keys()) expect(statSync(path).mode & 0o077, path).toBe(0);
  });

  it('is, of the keystrokes, not even their number in the audit logs', () => {
    for (const [path, bytes] of files) {
      if (path.endsWith('audit.jsonl')) expect(bytes.toString()).not.toMatch(/keysym|keystroke|"key"/);
    }
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
