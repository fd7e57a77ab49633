// C1: whoever is on the internet, or has root on the gateway's host, gets no answer from any address further inside.
import { dropRules, loadRules } from '#lab/deployment.ts';
import type { Proof, Run, Said } from '../proof.ts';
import { NMAP } from './scan.ts';
import { beyond, connects, flawsOf, noisesOf, probesOf, told } from './silence.ts';
import { deployedHosts, NEEDS_HOSTS } from './stage.ts';
import { some, verdict } from './verdict.ts';
import { type Attacked, attack, routesTo, takeOver, WALLS, type Wall } from './wall.ts';

export interface OutsideSeen {
  /** Before the attacker adds any: each inner address, and what the kernel says of the way there. */
  readonly routes: Readonly<Record<string, string>>;
  readonly withRules: Attacked;
  /** The positive control: the same scan, the next host's rules taken away. */
  readonly withoutRules: Attacked;
}

async function collect(run: Run, wall: Wall): Promise<OutsideSeen> {
  run.progress(0, 'bringing up the hosts of deploy/');
  const hosts = await run.stage(deployedHosts);
  const { network } = hosts.deployed;
  const routes = routesTo(hosts, wall);
  const leave = takeOver(hosts, wall);
  try {
    run.progress(0.3, `scanning from ${wall.attacker}`);
    const withRules = await attack(hosts, wall, run.folder, 'with-rules');
    run.progress(0.6, `the same without the rules of ${wall.wall}`);
    dropRules(network, wall.wall);
    const withoutRules = await attack(hosts, wall, run.folder, 'without-rules');
    return { routes, withRules, withoutRules };
  } finally {
    loadRules(network, wall.wall);
    leave();
  }
}

/** Everything that `ip route get` can say where there is none. */
const NO_ROUTE = /Network is unreachable|No route to host|^unreachable |^prohibit /;

export function judgeOutside(wall: Wall, { routes, withRules, withoutRules }: OutsideSeen) {
  const routed = Object.entries(routes).filter(([, answer]) => !NO_ROUTE.test(answer));
  const shut = wall.doors.filter((door) => !connects(withRules, door));
  const without = beyond(withoutRules, wall.doors);
  const addresses = Object.keys(routes).length;
  return verdict(
    [
      addresses === 0 && { ja: '内側のアドレスがありません', en: 'there were no inner addresses to ask for' },
      routed.length > 0 && {
        ja: `内側への経路があります: ${some(routed.map(([address]) => address))}`,
        en: `there are routes inwards: ${some(routed.map(([address]) => address))}`,
      },
      ...flawsOf(withRules),
      ...noisesOf(withRules, wall.doors),
      shut.length > 0 && {
        ja: `公開しているポートが応答せず、走査を信用できません: ${some(shut)}`,
        en: `ports that are meant to be open did not answer, so the scan shows nothing: ${some(shut)}`,
      },
      without.length === 0 && {
        ja: '規則を外しても応答がなく、走査を信用できません',
        en: 'without the rules nothing answered either, so the scan shows nothing',
      },
    ],
    {
      ja: `${addresses} 個の内側アドレスのどれにも経路がなく、攻撃者が経路を足しても ${probesOf(withRules)} 個の走査パケットに応答なし。規則を外すと ${some(told(without))} が応答`,
      en: `no route to any of ${addresses} inner addresses; with the attacker's own routes no answer to ${probesOf(withRules)} packets; with the next host's rules taken away ${some(told(without))} answered`,
    },
  );
}

const TRIED: Said = {
  ja: '経路表を調べ、既定経路を攻撃者が追加し(弱いホストモデルを突く)、ICMP・TCP・UDP・トンネルの各プロトコルを IPv4 と IPv6 で nmap から送り、手元と LGWAN 側で tcpdump に記録した。次のホストの規則を外して同じ走査を繰り返した',
  en: "Looked up the routes; added default routes as an attacker would, inner addresses by the next host's outer device included (weak host model); sent ICMP, TCP, UDP and tunnel protocols by nmap, IPv4 and IPv6; recorded by tcpdump at the attacker and in LGWAN. The same scan with the next host's rules taken away",
};

const outside = (name: string, wall: Wall, claim: Said): Proof<OutsideSeen> => ({
  name,
  requirements: ['C1'],
  claim,
  tried: TRIED,
  needs: [...NEEDS_HOSTS, NMAP],
  collect: (run) => collect(run, wall),
  judge: (seen) => judgeOutside(wall, seen),
});

export const c1Internet = outside('c1-internet', WALLS.gateway, {
  ja: 'インターネットから内側のどのアドレスへも経路がなく、応答もない',
  en: 'From the internet there is no route to any inner address, and none answers',
});

export const c1Gateway = outside('c1-gateway', WALLS.broker, {
  ja: 'ゲートウェイのホストの管理者権限を奪っても、中継の内側と LGWAN へ経路がなく、応答もない',
  en: "Root on the gateway's host has no route to the broker's inner side or to LGWAN, and nobody there answers",
});
