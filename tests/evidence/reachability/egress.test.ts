import { describe, expect, it } from 'vitest';
import { j5Peers, type PeersSeen } from '#evidence/reachability/j5-peers.ts';
import { j5Start, type StartSeen } from '#evidence/reachability/j5-start.ts';

const nothing = { opened: {}, bytes: { toOpeners: 0, fromOpeners: 0 }, others: [], neighbourhood: 2 };
const started: StartSeen = {
  ...{ exitCode: 0, said: '{}' },
  left: nothing,
  control: {
    ...nothing,
    opened: { '198.18.0.2 → 198.18.0.80 tcp 80': 1 },
    others: ['198.18.0.1 → 198.18.0.2 udp 40000', '198.18.0.2 → 198.18.0.1 udp 53'],
  },
  missed: 0,
};

describe('npm start', () => {
  it('talks to nobody outside: pass', () => {
    expect(j5Start.judge(started).result).toBe('pass');
  });

  it.each<[string, Partial<StartSeen>, string]>([
    ['a connection outside', { left: { ...nothing, opened: { '198.18.0.2 → 203.0.113.1 tcp 443': 1 } } }, 'tcp 443'],
    ['a question for a name', { left: { ...nothing, others: ['198.18.0.2 → 198.18.0.1 udp 53'] } }, 'udp 53'],
    ['a start that failed', { exitCode: 1, said: 'port in use' }, 'port in use'],
    ['packets that the capture missed', { missed: 1 }, 'missed 1'],
    ['a control that shows nothing', { control: nothing }, 'shows nothing'],
    [
      'a control that only asks for a name',
      { control: { ...nothing, others: started.control.others } },
      'shows nothing',
    ],
  ])('%s: fail', (_, bad, why) => {
    const { result, seen } = j5Start.judge({ ...started, ...bad });
    expect(result).toBe('fail');
    expect(seen.en).toContain(why);
  });
});

const quiet = { talk: nothing, nameQuestions: 0 };
const talk = (opened: string) => ({ talk: { ...nothing, opened: { [opened]: 2 } }, nameQuestions: 0 });
const peers: PeersSeen = {
  cables: {
    'internet-gateway': talk('203.0.113.77 → 203.0.113.10 tcp 443'),
    'gateway-broker': talk('192.0.2.10 → 192.0.2.20 tcp 443'),
    'broker-firewall': talk('10.30.0.30 → 198.51.100.20 tcp 443'),
    'firewall-agent': talk('10.30.0.30 → 198.51.100.20 tcp 443'),
    'firewall-office': quiet,
    'management-gateway': quiet,
  },
  controlNameQuestions: 3,
  missed: 0,
};
const cable = (point: keyof PeersSeen['cables'], seen: PeersSeen['cables']['firewall-office']): PeersSeen => ({
  ...peers,
  cables: { ...peers.cables, [point]: seen },
});

describe('the deployed processes', () => {
  it('talk to their peers only: pass', () => {
    expect(j5Peers.judge(peers).result).toBe('pass');
  });

  it.each<[string, PeersSeen, string]>([
    [
      'the gateway elsewhere',
      cable('internet-gateway', talk('203.0.113.10 → 203.0.113.77 tcp 443')),
      'internet-gateway: 203.0.113.10',
    ],
    [
      'something by UDP',
      cable('firewall-office', { talk: { ...nothing, others: ['a → b udp 123'] }, nameQuestions: 0 }),
      'udp 123',
    ],
    [
      'a question for a name',
      cable('gateway-broker', { ...peers.cables['gateway-broker'], nameQuestions: 1 }),
      'names were asked',
    ],
    ['a connection that is missing', cable('firewall-agent', quiet), 'not in the captures'],
    ['packets that the captures missed', { ...peers, missed: 2 }, 'missed 2'],
    ['a control that was not seen', { ...peers, controlNameQuestions: 0 }, 'show nothing'],
  ])('%s: fail', (_, bad, why) => {
    const { result, seen } = j5Peers.judge(bad);
    expect(result).toBe('fail');
    expect(seen.en).toContain(why);
  });
});
