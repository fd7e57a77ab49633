import { describe, expect, it } from 'vitest';
import { readArguments } from '#bench/arguments.ts';
import { NAMES } from '#bench/scenarios/scenarios.ts';

describe('the command line of npm run bench', () => {
  it('means everything, in some minutes, when nothing is said', () => {
    expect(readArguments([])).toMatchObject({
      ...{ command: 'run', scenarios: NAMES, tiers: null, sessions: null, seconds: 3, roundTripsMs: [20], hours: null },
      ...{ target: null, json: false },
    });
  });

  it('takes lists where lists make sense', () => {
    const args = ['--scenario', 'fill,step', '--tier', '10Mbps,1Gbps', '--rtt', '0,150', '--sessions', '7'];
    expect(readArguments(args)).toMatchObject({
      ...{ scenarios: ['fill', 'step'], tiers: ['10Mbps', '1Gbps'], roundTripsMs: [0, 150], sessions: 7 },
    });
  });

  it.each<[string[], RegExp]>([
    [['--tier', '11Mbps'], /unknown tier "11Mbps"; there are 10Mbps, /],
    [['--scenario', 'fil'], /unknown scenario "fil"; there are fill, /],
    [['--seconds', '0'], /--seconds must be a whole number from 1 to 600/],
    [['--sessions', '1.5'], /--sessions must be a whole number/],
    [['--rtt', 'far'], /--rtt must be a whole number from 0 to 500/],
    [['--hours=-1'], /--hours must be above 0/],
    [['--target', 'https://localhost:1'], /--target and --credentials go together/],
    [['--target', 'http://localhost:1', '--credentials', '.'], /--target must be https:/],
    [['--nonsense'], /--nonsense/],
    [['dance'], /unknown command "dance"/],
    [['publish'], /the report is missing/],
    [['run', 'twice'], /unexpected argument "twice"/],
  ])('refuses %j as bad arguments, in one line', (args, line) => {
    expect(() => readArguments(args)).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringMatching(line) }),
    );
  });
});
