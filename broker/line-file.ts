// The contract changes while sessions go on: `line` of broker.json is taken over when the file changes or somebody says
// so. A file that cannot be used changes nothing.
import { isDeepStrictEqual } from 'node:util';
import type { Audit } from '#platform/audit/chain.ts';
import { lineOf } from '#platform/process/exit.ts';
import { LOOK_INTERVAL_MS, stateOf } from '#platform/process/file-state.ts';
import type { Log } from '#platform/process/log.ts';
import { type BrokerConfig, readBrokerConfig } from './config.ts';
import type { Shaper } from './shaping/shaper.ts';

export interface LineFileOptions {
  /** broker.json */
  path: string;
  /** What was read from it at the start. */
  config: BrokerConfig;
  shaper: Pick<Shaper, 'change'>;
  audit: Pick<Audit, 'record'>;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
}

export interface LineFile {
  /** Reads the file now. */
  reload(): void;
  stop(): void;
}

export function followLine({ path, config, shaper, audit, log }: LineFileOptions): LineFile {
  const { line: _, ...fixed } = config;
  let { line } = config;
  let read = stateOf([path]);
  let seen = read;

  function take(): void {
    read = stateOf([path]);
    const before = line.tier;
    try {
      const { line: wanted, ...others } = readBrokerConfig(path);
      if (!isDeepStrictEqual(others, fixed))
        log.warn('of a changed broker.json only "line" is taken over; restart for the rest');
      if (isDeepStrictEqual(wanted, line)) return;
      shaper.change(wanted);
      line = wanted;
    } catch (error) {
      log.error(`the line stays at ${before}: ${lineOf(error)}`);
      audit.record('line-kept', { tier: before, detail: lineOf(error) });
      return;
    }
    log.info({ before, tier: line.tier }, 'the line has changed');
    audit.record('line-changed', { tier: line.tier, before });
  }

  /** A file that somebody is still writing is left alone until it rests. */
  function look(): void {
    const state = stateOf([path]);
    const rests = state === seen;
    seen = state;
    if (rests && state !== read) take();
  }

  const timer = setInterval(look, LOOK_INTERVAL_MS).unref();
  return { reload: take, stop: () => clearInterval(timer) };
}
