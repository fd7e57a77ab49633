import { describe, expect, it } from 'vitest';
import { c1Hosts, type HostsSeen } from '#evidence/reachability/c1-hosts.ts';
import { c1Work } from '#evidence/reachability/c1-work.ts';
import { c2Direction, type DirectionSeen } from '#evidence/reachability/c2-direction.ts';
import { c2Listening, type ListeningSeen } from '#evidence/reachability/c2-listening.ts';
import { capabilitiesIn } from '#evidence/reachability/host-state.ts';

const refused = {
  'a route': 'RTNETLINK answers: Operation not permitted',
  'a tunnel device': 'ioctl(TUNSETIFF): Operation not permitted',
};
const asRoot = { 'a route': 'done', 'a tunnel device': 'done' };
const seen: HostsSeen = {
  gateway: {
    state: {
      forwarding: ['0', '0'],
      routes: ['203.0.113.0/24 dev outside', '192.0.2.0/24 dev inside', '2001:db8:2::/64 dev inside'],
      devices: ['lo loopback', 'outside veth', 'inside veth'],
      rewriting: [],
    },
    powers: { effective: ['NET_BIND_SERVICE'], bounding: ['NET_BIND_SERVICE'], noNewPrivileges: true, tunnels: [] },
    ...{ attempts: refused, attemptsAsRoot: asRoot },
  },
  broker: {
    state: {
      forwarding: ['0', '0'],
      routes: ['192.0.2.0/24 dev outside', '10.30.0.0/24 via 198.51.100.1 dev inside'],
      devices: ['lo loopback', 'outside veth', 'inside veth'],
      rewriting: [],
    },
    powers: { effective: ['NET_BIND_SERVICE'], bounding: ['NET_BIND_SERVICE'], noNewPrivileges: true, tunnels: [] },
    ...{ attempts: refused, attemptsAsRoot: asRoot },
  },
  agent: {
    state: {
      forwarding: ['0', '0'],
      routes: ['10.30.0.0/24 dev office'],
      devices: ['lo loopback', 'office veth'],
      rewriting: [],
    },
    powers: { effective: [], bounding: [], noNewPrivileges: true, tunnels: [] },
    ...{ attempts: refused, attemptsAsRoot: asRoot },
  },
};

type Host = HostsSeen['gateway'];
const with_ = (name: keyof HostsSeen, change: { [K in keyof Host]?: Partial<Host[K]> }): HostsSeen => {
  const { state, powers, attempts, attemptsAsRoot } = seen[name];
  return {
    ...seen,
    [name]: {
      state: { ...state, ...change.state },
      powers: { ...powers, ...change.powers },
      attempts: { ...attempts, ...change.attempts },
      attemptsAsRoot: { ...attemptsAsRoot, ...change.attemptsAsRoot },
    },
  };
};

describe('the state of the hosts', () => {
  it('is as deploy/ says: pass', () => {
    expect(c1Hosts.judge(seen)).toMatchObject({ result: 'pass' });
  });

  it.each<[string, HostsSeen, string]>([
    ['IPv4 forwarding', with_('broker', { state: { forwarding: ['1', '0'] } }), 'broker: forwards'],
    ['IPv6 forwarding', with_('gateway', { state: { forwarding: ['0', '1'] } }), 'gateway: forwards'],
    [
      'a default route',
      with_('gateway', { state: { routes: ['default via 192.0.2.20 dev inside'] } }),
      'gateway: default',
    ],
    [
      "the gateway's route into LGWAN",
      with_('gateway', { state: { routes: ['10.30.0.0/24 via 192.0.2.20 dev inside'] } }),
      'routes too many',
    ],
    ['a tunnel device', with_('broker', { state: { devices: ['lo loopback', 'tun0 tun'] } }), 'broker: tun0 tun'],
    ['an address translation', with_('gateway', { state: { rewriting: ['masquerade'] } }), 'rewritten'],
    ['CAP_NET_ADMIN', with_('agent', { powers: { effective: ['NET_ADMIN'] } }), 'agent: NET_ADMIN'],
    ['CAP_NET_RAW to be had', with_('broker', { powers: { bounding: ['NET_RAW'] } }), 'broker: NET_RAW'],
    ['privileges to be gained', with_('broker', { powers: { noNewPrivileges: false } }), 'may gain'],
    ['a process with a tunnel', with_('agent', { powers: { tunnels: ['/dev/net/tun'] } }), '/dev/net/tun'],
    ['an attempt that succeeds', with_('agent', { attempts: { 'a route': 'done' } }), 'agent: a route'],
    ['root that cannot either', with_('agent', { attemptsAsRoot: { 'a route': 'ip: not found' } }), 'root could not'],
  ])('%s: fail', (_, bad, why) => {
    const judged = c1Hosts.judge(bad);
    expect(judged.result).toBe('fail');
    expect(judged.seen.en).toContain(why);
  });

  it('reads capability masks as the kernel writes them', () => {
    expect(capabilitiesIn('0000000000000400')).toEqual(['NET_BIND_SERVICE']);
    expect(capabilitiesIn('0000000000003000')).toEqual(['NET_ADMIN', 'NET_RAW']);
    expect(capabilitiesIn('0000000000000000')).toEqual([]);
    expect(capabilitiesIn('8000000000000001')).toEqual(['capability 0', 'capability 63']);
  });
});

describe('the work', () => {
  const done = { exitCode: 0, said: '{}' };
  it('before and after: pass; either one undone: fail', () => {
    expect(c1Work.judge({ first: done, again: done }).result).toBe('pass');
    expect(c1Work.judge({ first: { exitCode: 1, said: 'no' }, again: done }).result).toBe('fail');
    expect(c1Work.judge({ first: done, again: { exitCode: 1, said: 'cut' } }).seen.en).toContain(
      'after the attacks: cut',
    );
  });
});

const listening: ListeningSeen = {
  open: {
    gateway: ['tcp 10.20.0.10:443', 'tcp 203.0.113.10:443', 'tcp 203.0.113.10:8443'],
    broker: ['tcp 192.0.2.20:443', 'tcp 198.51.100.20:443'],
    lgwan: [],
  },
  openWithHole: ['tcp 10.30.0.30:5900'],
};

describe('what listens', () => {
  it('in LGWAN nothing, outside what deploy/ says: pass', () => {
    expect(c2Listening.judge(listening).result).toBe('pass');
  });

  it.each<[string, ListeningSeen, string]>([
    ['a port in LGWAN', { ...listening, open: { ...listening.open, lgwan: ['tcp 0.0.0.0:5900'] } }, 'listens in LGWAN'],
    ['a datagram socket', { ...listening, open: { ...listening.open, lgwan: ['udp [::]:5353'] } }, 'udp [::]:5353'],
    [
      'another port of the broker',
      { ...listening, open: { ...listening.open, broker: [...listening.open.broker, 'tcp 0.0.0.0:22'] } },
      'broker tcp',
    ],
    ['tables without the known ports', { ...listening, open: { ...listening.open, gateway: [] } }, 'not in the tables'],
    ['a control that was not seen', { ...listening, openWithHole: [] }, 'opened on purpose'],
  ])('%s: fail', (_, bad, why) => {
    const { result, seen: said } = c2Listening.judge(bad);
    expect(result).toBe('fail');
    expect(said.en).toContain(why);
  });
});

const nothing = { opened: {}, bytes: { toOpeners: 0, fromOpeners: 0 }, others: [], neighbourhood: 2 };
const link = '10.30.0.30 → 198.51.100.20 tcp 443';
const direction: DirectionSeen = {
  agent: { ...nothing, opened: { [link]: 3 }, bytes: { toOpeners: 5_000, fromOpeners: 200_000 } },
  office: nothing,
  withHole: { ...nothing, opened: { '198.51.100.20 → 10.30.0.30 tcp 5900': 1 } },
  missed: 0,
  worked: { exitCode: 0, result: '{}' },
};

describe("the talk on LGWAN's cables", () => {
  it('is connections that the agent opened: pass', () => {
    expect(c2Direction.judge(direction).result).toBe('pass');
  });

  it.each<[string, Partial<DirectionSeen>, string]>([
    [
      'a connection from outside',
      { agent: { ...direction.agent, opened: { [link]: 3, '198.51.100.20 → 10.30.0.30 tcp 22': 1 } } },
      'tcp 22',
    ],
    [
      'a connection of the agent elsewhere',
      { agent: { ...direction.agent, opened: { [link]: 3, '10.30.0.30 → 192.0.2.20 tcp 443': 1 } } },
      'other connections',
    ],
    [
      'another port of the broker',
      { agent: { ...direction.agent, opened: { [link]: 3, '10.30.0.30 → 198.51.100.20 tcp 22': 1 } } },
      'tcp 22',
    ],
    ['a datagram', { agent: { ...direction.agent, others: ['10.30.0.30 → 8.8.8.8 udp 53'] } }, 'udp 53'],
    ['a word from another PC', { office: { ...nothing, others: ['10.30.1.40 → 10.30.0.30 icmp 8/0'] } }, 'icmp 8/0'],
    ['packets that the capture missed', { missed: 4 }, 'missed 4'],
    ['no session at all', { agent: { ...direction.agent, opened: { [link]: 1 } } }, 'did not get through'],
    ['a client that failed', { worked: { exitCode: 1, result: '' } }, 'did not get through'],
    ['a control that was not seen', { withHole: nothing }, 'through the hole'],
  ])('%s: fail', (_, bad, why) => {
    const { result, seen: said } = c2Direction.judge({ ...direction, ...bad });
    expect(result).toBe('fail');
    expect(said.en).toContain(why);
  });
});
