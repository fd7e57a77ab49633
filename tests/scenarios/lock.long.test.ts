// The end of a session locks a real TigerVNC desktop: by keys, as its X side sees them, and by a command; however the
// session ends, the stop and the death of the agent included.
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { NEEDED_FOR_VNC_DESKTOP, startVncDesktop, type VncDesktop } from '#lab/vnc-desktop.ts';
import { audited } from '#tests/support/audited.ts';
import { connectInProcess, type InProcessClient, type View } from '#tests/support/in-process-client.ts';
import { needs } from '#tests/support/need.ts';
import { useSystem } from '#tests/support/system.ts';
import { renewFactor } from '#tests/support/watched-system.ts';

const WAIT = { timeout: 20_000, interval: 50 };

describe.skipIf(!needs(...NEEDED_FOR_VNC_DESKTOP, 'xev'))('a real desktop at the end of a session', () => {
  const folder = mkdtempSync(join(tmpdir(), 'telework-lock-'));
  const locked = join(folder, 'locked');
  const locker = join(folder, 'lock.sh');
  let desktop: VncDesktop;
  let xev: ChildProcess;
  let seen = '';

  beforeAll(async () => {
    desktop = await startVncDesktop({ width: 640, height: 400, xterm: false });
    xev = spawn('xev', ['-geometry', '640x400+0+0', '-event', 'keyboard'], { env: desktop.env });
    xev.stdout?.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
    });
    writeFileSync(locker, `#!/bin/sh\nenv > '${locked}.part' && mv '${locked}.part' '${locked}'\n`);
    chmodSync(locker, 0o700);
  });
  afterAll(async () => {
    xev?.kill();
    await desktop?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const up = useSystem(() => [
    { name: 'by-keys', kind: 'vnc', address: desktop.address, lock: { keys: 'Super_L+l' } },
    { name: 'by-command', kind: 'vnc', address: desktop.address, lock: { command: [locker] } },
    { name: 'not-at-all', kind: 'vnc', address: desktop.address, lock: { command: ['/bin/false'] } },
  ]);

  let client: InProcessClient;
  afterEach(() => {
    client?.close();
    rmSync(locked, { force: true });
  });

  async function open(name: string): Promise<View> {
    await renewFactor(up.system, up.tanaka);
    client = await connectInProcess(up.system, up.tanaka);
    const id = up.system.desktops.find((one) => one.endsWith(name)) as string;
    // After a restart the agent comes online in its own time.
    const view = await vi.waitFor(() => client.open(id), { timeout: 40_000, interval: 1_000 });
    await view.picture.complete;
    return view;
  }

  /** Keys as the X side saw them: "+a -a", pressed and released. */
  const strokes = () =>
    [...seen.matchAll(/Key(Press|Release) event[\s\S]*?keysym 0x[0-9a-f]+, (\w+)\)/g)].map(
      ([, kind, name]) => `${kind === 'Press' ? '+' : '-'}${name}`,
    );

  it('lets go of what is held, and sees the keys that lock, in order, and nothing after them', async () => {
    const view = await open('by-keys');
    view.session.input({ type: 'pointer', buttons: 0, x: 300, y: 200 });
    view.session.input({ type: 'key', down: true, keysym: 0x61 });
    await vi.waitFor(() => expect(strokes()).toContain('+a'), WAIT);
    view.session.end();
    await vi.waitFor(() => expect(strokes().at(-1)).toBe('-Super_L'), WAIT);
    const held = strokes().filter((stroke) => stroke !== '+a'); // X repeats a key that is held
    expect(held).toEqual(['-a', '+Super_L', '+l', '-l', '-Super_L']);
  });

  it('runs the command, with nothing of the agent’s environment, when the agent is told to stop', async () => {
    await open('by-command');
    expect(existsSync(locked)).toBe(false);
    await up.system.processes.agent.stop();
    expect(readFileSync(locked, 'utf8')).not.toMatch(/^(HOME|USER|NODE_|TW_|npm_)/m);
    await up.system.restart('agent');
  });

  it('is locked by the next start of an agent that was killed', async () => {
    await open('by-command');
    up.system.processes.agent.kill();
    await up.system.processes.agent.exited;
    expect(existsSync(locked)).toBe(false);
    await up.system.restart('agent');
    expect(existsSync(locked)).toBe(true);
  });

  it('that cannot be locked is an audit event', async () => {
    const view = await open('not-at-all');
    view.session.end();
    await audited(up.system, 'agent', 'desktop-lock-failed', { reason: 'LOCK_FAILED' });
  });
});
