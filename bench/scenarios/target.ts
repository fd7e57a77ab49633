// Somebody else's deployment of this gateway: one user, pairing and desktop a session. The load is what those desktops
// show when they are asked for their whole screen now and then, and nothing is typed into them.
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Running, start } from '#lab/process.ts';
import { Failure } from '#platform/process/exit.ts';
import { callLocal } from '#platform/process/local-call.ts';
import type { LoadAnswers, LoadCommand } from '../load/commands.ts';
import type { TargetResult } from '../result.ts';
import { distribution, jain } from '../statistics.ts';
import type { RunOptions } from './options.ts';

/** Whole screens: enough to be a load, and far below what the control lane allows. */
const REFRESHES_PER_SECOND = 1;

/** @throws Failure, one line: no credentials, no answer, or the refusal of the first user that did not get in */
export async function target(
  { url, credentials }: { url: URL; credentials: string },
  { folder, seconds, signal, progress }: RunOptions,
): Promise<TargetResult> {
  requireFolder(credentials);
  const at = (file: string) => join(folder, 'load', file);
  rmSync(join(folder, 'load'), { recursive: true, force: true });
  mkdirSync(join(folder, 'load'), { recursive: true, mode: 0o700 });
  const config = { gateway: url.href, via: null, credentials, stamped: false, socket: 'load.sock' };
  writeFileSync(at('load.json'), JSON.stringify(config), { mode: 0o600 });
  const process: Running = await start('load', 'bench/load/main.ts', ['--config', at('load.json')], at('load.log'), {
    signal,
  });
  const load = <C extends LoadCommand>(command: C, body: object | null): Promise<LoadAnswers[C]> =>
    callLocal(at('load.sock'), command, body) as never;
  try {
    const users = process.ready.users as string[];
    const times: Record<'sign-in' | 'open', number[]> = { 'sign-in': [], open: [] };
    for (const command of ['sign-in', 'open'] as const) {
      progress(command, 0.1);
      const { ms, failures } = await load(command, { users });
      if (failures[0]) throw new Failure(`${url.host}: ${failures.length} of ${users.length} users: ${failures[0]}`);
      times[command] = ms;
    }
    await load('measure-begin', { groups: { users } });
    await load('probe', { users, perSecond: REFRESHES_PER_SECOND });
    progress(`${users.length} sessions`, 0.5);
    await delay(seconds * 1000, undefined, { signal });
    const { groups } = await load('measure-end', null);
    const { lost } = await load('status', null);
    const measured = groups.users;
    if (!measured) throw new Error('nothing was measured');
    return {
      scenario: 'target',
      url: url.href,
      users: users.length,
      seconds,
      signInMs: distribution(times['sign-in']),
      openMs: distribution(times.open),
      refreshMs: measured.keysMs,
      bytes: measured.bytes,
      updates: measured.updates,
      lost: Object.keys(lost).length,
      jain: jain(measured.bytesPerSession),
    };
  } finally {
    await process.stop();
  }
}

function requireFolder(credentials: string): void {
  const is = existsSync(credentials) && statSync(credentials).isDirectory();
  const users = is ? readdirSync(credentials, { withFileTypes: true }).filter((entry) => entry.isDirectory()) : [];
  if (users.length === 0) throw new Failure(`${credentials}: holds no credentials folder`);
}
