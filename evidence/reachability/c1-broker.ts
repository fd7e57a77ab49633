// C1, C2: whoever has root on the broker's host, the last one before LGWAN, gets no answer to anything unsolicited. What is
// left to that attacker are the bytes inside connections that the agent opened.
import { dropRules, loadRules } from '#lab/deployment.ts';
import type { Judgement, Proof } from '../proof.ts';
import { HOLE, withHole } from './hole.ts';
import { NMAP } from './scan.ts';
import { beyond, connects, flawsOf, noisesOf, probesOf, told } from './silence.ts';
import { deployedHosts, NEEDS_HOSTS } from './stage.ts';
import { some, verdict } from './verdict.ts';
import { type Attacked, attack, takeOver, WALLS } from './wall.ts';

const WALL = WALLS.firewall;
export interface BrokerSeen {
  readonly withRules: Attacked;
  readonly withHole: Attacked;
}

export const c1Broker: Proof<BrokerSeen> = {
  name: 'c1-broker',
  requirements: ['C1', 'C2'],
  claim: {
    ja: '中継のホストの管理者権限を奪っても、LGWAN とその防火壁は、求められていないパケットに何も答えない',
    en: "Root on the broker's host gets no answer from LGWAN or its firewall to anything that was not asked for",
  },
  tried: {
    ja: '中継のホストの規則を外し、転送を有効にし、既定経路を足し、エージェントの接続が生きている間に ICMP・TCP・UDP・トンネルの各プロトコルを IPv4 と IPv6 で送った。送信元ポート 443、接続途中を装うパケットも使った。ARP と近隣探索は別に数えた。わざと開けた穴を同じ走査で探した',
    en: "Dropped the broker host's rules, switched forwarding on, added default routes, and sent ICMP, TCP, UDP and tunnel protocols by IPv4 and IPv6 while the agent's link was up, also from port 443 and as in the middle of a connection; ARP and neighbour discovery counted apart. The same scan then had to find a hole opened on purpose",
  },
  needs: [...NEEDS_HOSTS, NMAP],
  async collect(run) {
    run.progress(0, 'bringing up the hosts of deploy/');
    const hosts = await run.stage(deployedHosts);
    const leave = takeOver(hosts, WALL);
    try {
      run.progress(0.3, 'scanning from the broker');
      const withRules = await attack(hosts, WALL, run.folder, 'with-rules');
      run.progress(0.6, 'the same with a hole opened on purpose');
      const scanned = () => attack(hosts, WALL, run.folder, 'with-hole');
      return { withRules, withHole: await withHole(hosts, run.folder, scanned) };
    } finally {
      leave();
    }
  },
  judge({ withRules, withHole }): Judgement {
    const hole = `${HOLE.address} tcp ${HOLE.port}`;
    const others = beyond(withHole, [hole]);
    return verdict(
      [
        ...flawsOf(withRules),
        ...noisesOf(withRules, []),
        !connects(withHole, hole) && {
          ja: 'わざと開けた穴が見つからず、走査を信用できません',
          en: 'the hole opened on purpose was not found, so the scan shows nothing',
        },
        others.length > 0 && {
          ja: `穴のほかからも応答がありました: ${some(told(others))}`,
          en: `more than the hole answered: ${some(told(others))}`,
        },
      ],
      {
        ja: `${probesOf(withRules)} 個の走査パケットに応答なし(防火壁の ARP・近隣探索 ${withRules.swept.neighbourhood} 個は別)。エージェントが開いた接続の中で届いたパケットは ${withRules.swept.inTheirConnections} 個。同じ走査がわざと開けた穴 ${hole} を見つけた`,
        en: `no answer to ${probesOf(withRules)} packets (apart from ${withRules.swept.neighbourhood} of the firewall's ARP and neighbour discovery); ${withRules.swept.inTheirConnections} packets came in connections that the agent had opened; the same scan found the hole opened on purpose, ${hole}`,
      },
    );
  },
};

export const c2WithoutRules: Proof<Attacked> = {
  name: 'c2-without-rules',
  requirements: ['C2'],
  claim: {
    ja: 'この規則がなければ、防火壁と LGWAN の機器は中継のホストに応答してしまう(規則が要る理由)',
    en: "Without these rules the firewall and LGWAN's hosts do answer the broker's host: what the rules are for",
  },
  tried: {
    ja: '防火壁の規則をすべて外し、中継のホストから同じ走査をした',
    en: "Took the firewall's rules away and scanned as before from the broker's host",
  },
  needs: [...NEEDS_HOSTS, NMAP],
  async collect(run) {
    const hosts = await run.stage(deployedHosts);
    const leave = takeOver(hosts, WALL);
    try {
      dropRules(hosts.deployed.network, WALL.wall);
      return await attack(hosts, WALL, run.folder, 'without-rules');
    } finally {
      loadRules(hosts.deployed.network, WALL.wall);
      leave();
    }
  },
  judge(seen): Judgement {
    const answering = new Set(seen.swept.answers.map(({ from }) => from));
    const silent = Object.keys(seen.swept.probes).filter((target) => !answering.has(target));
    return verdict(
      [
        ...flawsOf(seen),
        silent.length > 0 && {
          ja: `規則がないのに応答のないアドレスがあり、走査を信用できません: ${some(silent)}`,
          en: `some did not answer though nothing stood between, so the scan shows nothing: ${some(silent)}`,
        },
        seen.arrived.length === 0 && {
          ja: 'LGWAN の機器にパケットが届かず、記録を信用できません',
          en: "nothing arrived at LGWAN's hosts, so their captures show nothing",
        },
      ],
      {
        ja: `規則を外すと ${answering.size} 個のアドレスすべてが応答した: ${some(told(seen.swept.answers))}`,
        en: `with the rules taken away all ${answering.size} addresses answered: ${some(told(seen.swept.answers))}`,
      },
    );
  },
};
