import { describe, expect, it } from 'vitest';
import { type BrokerSeen, c1Broker, c2WithoutRules } from '#evidence/reachability/c1-broker.ts';
import { judgeOutside, type OutsideSeen } from '#evidence/reachability/c1-outside.ts';
import { type Attacked, innerAddresses, WALLS } from '#evidence/reachability/wall.ts';

const WALL = WALLS.gateway;
const inner = innerAddresses(WALL);

const asked = { icmp: 1, tcp: 40, udp: 20, other: 7 };
const quiet = (targets: readonly string[], answers: Attacked['swept']['answers'] = []): Attacked => ({
  swept: {
    ...{ probes: Object.fromEntries(targets.map((target) => [target, asked])), answers },
    ...{ neighbourhood: 3, inTheirConnections: 12 },
  },
  ...{ arrived: [], missed: 0 },
});
const doors = [
  { from: '203.0.113.10', what: 'tcp 443 SA' },
  { from: '203.0.113.10', what: 'tcp 8443 SA' },
];

const outside: OutsideSeen = {
  routes: Object.fromEntries(inner.map((address) => [address, 'RTNETLINK answers: Network is unreachable'])),
  withRules: quiet(inner, doors),
  withoutRules: quiet(inner, [...doors, { from: '10.20.0.10', what: 'tcp 443 SA' }]),
};

describe('the inner addresses behind a wall', () => {
  it("are the wall's own ones further inside, and all behind it, IPv4 and IPv6", () => {
    expect(inner).toEqual(expect.arrayContaining(['192.0.2.10', '10.20.0.10', '198.51.100.20', '10.30.0.30']));
    expect(inner).toEqual(expect.arrayContaining(['2001:db8:2::10', '2001:db8:30::30', '2001:db8:31::40']));
    expect(inner).not.toContain('203.0.113.10');
    expect(innerAddresses(WALLS.broker)).not.toContain('192.0.2.20');
    expect(innerAddresses(WALLS.firewall)).toContain('198.51.100.1');
  });
});

describe('whoever is outside', () => {
  it('reaches nothing: pass', () => {
    expect(judgeOutside(WALL, outside)).toMatchObject({ result: 'pass' });
  });

  it.each<[string, Partial<OutsideSeen>, string]>([
    [
      'a route',
      { routes: { ...outside.routes, '10.30.0.30': '10.30.0.30 via 203.0.113.10 dev home' } },
      'routes inwards',
    ],
    ['no address at all', { routes: {} }, 'no inner addresses'],
    ['an answer', { withRules: quiet(inner, [...doors, { from: '192.0.2.10', what: 'icmp 0/0' }]) }, '192.0.2.10 icmp'],
    [
      "another port of the host's own",
      { withRules: quiet(inner, [...doors, { from: '203.0.113.10', what: 'tcp 22 SA' }]) },
      '203.0.113.10 tcp 22 SA',
    ],
    [
      'a port that only begins alike',
      { withRules: quiet(inner, [...doors, { from: '203.0.113.10', what: 'tcp 4430 SA' }]) },
      '4430',
    ],
    [
      'a packet in LGWAN',
      { withRules: { ...quiet(inner, doors), arrived: ['203.0.113.77 tcp 22'] } },
      'arrived at hosts',
    ],
    ['a scan that left an address out', { withRules: quiet(inner, doors), ...unaskedOne() }, 'not asked in every way'],
    ['a scan of nothing', { withRules: quiet([], doors) }, 'nothing was scanned'],
    ['a capture that missed packets', { withRules: { ...quiet(inner, doors), missed: 2 } }, 'missed 2'],
    ['public ports that do not answer', { withRules: quiet(inner) }, 'did not answer'],
    ['a control that finds nothing', { withoutRules: quiet(inner, doors) }, 'nothing answered either'],
  ])('%s: fail', (_, bad, why) => {
    const { result, seen } = judgeOutside(WALL, { ...outside, ...bad });
    expect(result).toBe('fail');
    expect(seen.en).toContain(why);
    expect(seen.ja).not.toBe('');
  });
});

function unaskedOne(): Partial<OutsideSeen> {
  const swept = quiet(inner, doors);
  const probes = { ...swept.swept.probes, '10.30.0.30': { ...asked, udp: 0 } };
  return { withRules: { ...swept, swept: { ...swept.swept, probes } } };
}

const behind = innerAddresses(WALLS.firewall);
const hole = { from: '10.30.0.30', what: 'tcp 5900 SA' };
const broker: BrokerSeen = {
  withRules: quiet(behind),
  withHole: {
    ...quiet(behind, [hole, { from: '10.30.0.30', what: 'tcp 5900 R' }]),
    arrived: ['198.51.100.20 tcp 5900'],
  },
};

describe("root on the broker's host", () => {
  it('gets no answer, and the same scan finds the hole: pass', () => {
    const { result, seen } = c1Broker.judge(broker);
    expect(result).toBe('pass');
    expect(seen.en).toContain("3 of the firewall's ARP");
    expect(seen.en).toContain('12 packets came in connections that the agent had opened');
  });

  it.each<[string, Partial<BrokerSeen>, string]>([
    [
      'an answer of the firewall',
      { withRules: quiet(behind, [{ from: '198.51.100.1', what: 'icmp 0/0' }]) },
      'icmp 0/0',
    ],
    ['an answer of the agent', { withRules: quiet(behind, [{ from: '10.30.0.30', what: 'tcp 22 RA' }]) }, 'tcp 22 RA'],
    ['a packet that arrived', { withRules: { ...quiet(behind), arrived: ['198.51.100.20 udp 161'] } }, 'udp 161'],
    ['a hole that is not found', { withHole: quiet(behind) }, 'was not found'],
    [
      'only a reset from the hole',
      { withHole: quiet(behind, [{ from: '10.30.0.30', what: 'tcp 5900 RA' }]) },
      'was not found',
    ],
    [
      'more than the hole',
      { withHole: quiet(behind, [hole, { from: '10.30.1.40', what: 'tcp 445 SA' }]) },
      'more than the hole',
    ],
    ['a scan of nothing', { withRules: quiet([]) }, 'nothing was scanned'],
  ])('%s: fail', (_, bad, why) => {
    const { result, seen } = c1Broker.judge({ ...broker, ...bad });
    expect(result).toBe('fail');
    expect(seen.en).toContain(why);
  });
});

describe('without the rules', () => {
  const all = behind.map((from) => ({ from, what: 'icmp 0/0' }));
  const open = { ...quiet(behind, all), arrived: ['198.51.100.20 tcp 22'] };

  it('everybody answers: pass, and the row says what', () => {
    const { result, seen } = c2WithoutRules.judge(open);
    expect(result).toBe('pass');
    expect(seen.en).toContain('198.51.100.1 icmp 0/0');
  });

  it.each<[string, Attacked, string]>([
    ['one that keeps silent all the same', { ...quiet(behind, all.slice(1)), arrived: open.arrived }, 'did not answer'],
    ['no packet in LGWAN', quiet(behind, all), 'nothing arrived'],
    ['a capture that missed packets', { ...open, missed: 1 }, 'missed'],
  ])('%s: fail', (_, bad, why) => {
    const { result, seen } = c2WithoutRules.judge(bad);
    expect(result).toBe('fail');
    expect(seen.en).toContain(why);
  });
});
