// The five workloads acted out at desktops: the simulated office desktop for the quiet ones, a real TigerVNC desktop for
// those with text that runs, slides and film.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Desktop, OpenDesktop } from '#agent/desktop/desktop.ts';
import { openOffice } from '#agent/desktop/office/open.ts';
import { openVnc } from '#agent/desktop/vnc.ts';
import { keysFor } from '#client-sim/keyboard.ts';
import { startVncDesktop, type VncDesktop } from '#lab/vnc-desktop.ts';
import { paintOnX } from '#lab/x-picture.ts';
import { filmFrame, slide } from './slides.ts';
import type { Workload } from './workloads.ts';

export interface Scene {
  readonly desktop: 'office' | 'tigervnc';
  /** What runs at the desktop from before the recording to its end. */
  program?(env: NodeJS.ProcessEnv): ChildProcess;
  /** Ends by itself. */
  act(desktop: Desktop, env: NodeJS.ProcessEnv): Promise<void>;
}

export const SCREEN = { width: 1280, height: 800 } as const;
/** Where the film runs. */
const FILM = { x: 320, y: 192, width: 640, height: 360 } as const;
const FILM_FRAMES_PER_SECOND = 24;
const CHARACTERS_PER_SECOND = 8;
const SLIDE_MS = 4_000;

const TEXT = '窓口の待ち時間について。\nThe quick brown fox jumps over the lazy dog.\n';

/** Twenty lines a second. */
const RUNNING_TEXT =
  'i=0; while :; do i=$((i+1)); echo "$i 架空県見本市 受付 2026-01-$((i%28+1)) $((i*7919%99991)) ok"; sleep 0.05; done';

export const SCENES: Readonly<Record<Workload, Scene>> = {
  idle: { desktop: 'office', act: () => delay(5_000) },
  typing: {
    desktop: 'office',
    async act(desktop) {
      for (const character of TEXT) {
        for (const event of keysFor(character)) desktop.input(event);
        await delay(1000 / CHARACTERS_PER_SECOND);
      }
    },
  },
  scrolling: { desktop: 'tigervnc', program: (env) => startTerminal(env, RUNNING_TEXT), act: () => delay(1_000) },
  slides: {
    desktop: 'tigervnc',
    async act(_, env) {
      for (let number = 0; number < 2; number++) {
        const next = delay(SLIDE_MS);
        await paintOnX(env, { x: 0, y: 0, ...SCREEN }, slide(number, SCREEN.width, SCREEN.height));
        await next;
      }
    },
  },
  video: {
    desktop: 'tigervnc',
    async act(_, env) {
      for (let frame = 0; frame < 12; frame++) {
        const next = delay(1000 / FILM_FRAMES_PER_SECOND);
        const paint = filmFrame(frame, FILM.width, FILM.height);
        await paintOnX(env, FILM, (x, y) => paint(x - FILM.x, y - FILM.y));
        await next;
      }
    },
  },
};

/** A desktop for a scene, ready to be attached. */
export interface Stage {
  readonly open: OpenDesktop;
  readonly env: NodeJS.ProcessEnv;
  /** Into the state in which a scene begins. */
  prepare(desktop: Desktop): Promise<void>;
  stop(): Promise<void>;
}

/** How long a screen must rest until its photos have been refined and nothing moves any more. */
const REST_MS = 1_500;

export async function officeStage(): Promise<Stage> {
  return {
    open: (events) => openOffice({ name: 'pc-01', ...SCREEN }, events),
    env: {},
    async prepare(desktop) {
      await delay(REST_MS);
      // A click stops the moving picture; another gives the keys to the notepad.
      for (const [x, y] of [
        [1_090, 150],
        [200, 200],
      ] as const) {
        for (const buttons of [1, 0]) desktop.input({ type: 'pointer', buttons, x, y });
      }
      await delay(REST_MS);
    },
    stop: async () => {},
  };
}

/** @throws Error if Xtigervnc, xterm or their fonts are not installed */
export async function vncStage(): Promise<Stage> {
  const desktop: VncDesktop = await startVncDesktop({ ...SCREEN, xterm: false });
  return {
    open: (events) => openVnc({ address: desktop.address, lock: 'none' }, events),
    env: desktop.env,
    prepare: () => delay(REST_MS),
    stop: () => desktop.stop(),
  };
}

function startTerminal(env: NodeJS.ProcessEnv, script: string): ChildProcess {
  const font = ['-fa', 'DejaVu Sans Mono', '-fd', 'Noto Sans CJK JP', '-fs', '11'];
  return spawn('xterm', ['-u8', ...font, '-geometry', '100x42+60+20', '-e', 'sh', '-c', script], {
    env,
    stdio: 'ignore',
  });
}

export async function endProgram(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
