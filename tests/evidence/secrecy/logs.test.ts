import { describe, expect, it } from 'vitest';
import { judgeLogs, type Logs } from '#evidence/secrecy/logs.ts';

const secrets = ['the one-time code', 'a pairing code', 'of the session: traffic key'];
const GOOD: Logs = {
  files: ['gateway', 'broker', 'agent'].flatMap((name) => [`log/${name}.log`, `${name}/state/audit.jsonl`]),
  bytes: 60_000,
  secrets,
  found: [],
  foundWherePlanted: secrets,
  events: ['sign-in-succeeded', 'pairing-made', 'user-verified', 'session-started', 'session-ended'],
};

describe('secrets in logs are judged', () => {
  it('passed when there is none', () => {
    expect(judgeLogs(GOOD).result).toBe('pass');
  });

  it.each<[string, Partial<Logs>]>([
    ['one stands in a log', { found: ['a pairing code in log/agent.log'] }],
    ['the search does not find what was planted', { foundWherePlanted: secrets.slice(1) }],
    ['the logs are not those of a session', { events: ['session-started'] }],
    ['a process’s logs were left out', { files: GOOD.files.slice(1) }],
  ])('failed when %s', (_, change) => {
    expect(judgeLogs({ ...GOOD, ...change }).result).toBe('fail');
  });
});
