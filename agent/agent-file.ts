// agent.json changes while sessions go on: desktops that are offered or withdrawn, pins of the gateway's grant key. Nothing
// else of it is taken over. It is the only word on both, so that what holds now is what a restart would find; while it
// cannot be used nobody new gets in, and who is in has no longer than a lease.
import { isDeepStrictEqual } from 'node:util';
import type { Audit } from '#platform/audit/chain.ts';
import { lineOf } from '#platform/process/exit.ts';
import { LOOK_INTERVAL_MS, stateOf } from '#platform/process/file-state.ts';
import type { Log } from '#platform/process/log.ts';
import { type AgentConfig, readAgentConfig } from './config.ts';
import type { Home, Settings } from './home.ts';

export interface AgentFileOptions {
  /** agent.json */
  path: string;
  /** What was read from it at the start. */
  config: AgentConfig;
  home: Home;
  /** @throws Failure for a pin that cannot be used */
  settingsOf(config: AgentConfig): Promise<Settings>;
  audit: Pick<Audit, 'record'>;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
}

export interface AgentFile {
  /** Reads the file now. */
  reload(): Promise<void>;
  stop(): void;
}

export function followAgentFile({ path, config, home, settingsOf, audit, log }: AgentFileOptions): AgentFile {
  const fixed = fixedOf(config);
  const { municipality } = home;
  let pinFiles = config.grantKeys;
  const stateNow = () => stateOf([path, ...pinFiles]);
  // Of no state yet, so that a change since the start read it is found, too.
  let read = '';
  let seen = '';
  let reading = Promise.resolve();

  async function take(): Promise<void> {
    // Before reading: what is written meanwhile is noticed at the next look.
    read = stateNow();
    try {
      const wanted = readAgentConfig(path);
      pinFiles = wanted.grantKeys;
      read = stateNow();
      const settings = await settingsOf(wanted);
      if (!isDeepStrictEqual(fixedOf(wanted), fixed)) {
        log.warn('of a changed agent.json only "desktops" and "grantKeys" are taken over; restart for the rest');
      }
      report(home, settings);
      home.change(settings);
    } catch (error) {
      const detail = lineOf(error);
      log.error(`nobody new gets in, and sessions end, until this is put right: ${detail}`);
      audit.record('settings-unusable', { detail });
      home.fail(detail);
    }
  }

  function report(before: Settings, now: Settings): void {
    const kids = ({ pins }: Settings) => pins.map(({ kid }) => kid);
    for (const desktop of missing(before.desktops.keys(), now.desktops)) {
      log.info({ desktop }, 'a desktop is withdrawn');
      audit.record('desktop-withdrawn', { municipality, desktop });
    }
    for (const desktop of missing(now.desktops.keys(), before.desktops)) {
      log.info({ desktop }, 'a desktop is offered');
      audit.record('desktop-offered', { municipality, desktop });
    }
    for (const kid of missing(kids(before), new Set(kids(now)))) {
      log.info({ kid }, "a pin of the gateway's grant key is taken out");
      audit.record('grant-pin-withdrawn', { kid });
    }
    for (const kid of missing(kids(now), new Set(kids(before)))) {
      log.info({ kid }, "a pin of the gateway's grant key is added");
      audit.record('grant-pin-added', { kid });
    }
  }

  /** One after the other, so that an older reading never comes last. */
  function reload(): Promise<void> {
    reading = reading.then(take);
    return reading;
  }

  /** A file that somebody is still writing is left alone until it rests. */
  function look(): void {
    const state = stateNow();
    const rests = state === seen;
    seen = state;
    if (rests && state !== read) void reload();
  }

  const timer = setInterval(look, LOOK_INTERVAL_MS).unref();
  return { reload, stop: () => clearInterval(timer) };
}

function fixedOf({ desktops: _, grantKeys: __, ...fixed }: AgentConfig): object {
  return fixed;
}

function missing(of: Iterable<string>, from: { has(one: string): boolean }): string[] {
  return [...of].filter((one) => !from.has(one));
}
