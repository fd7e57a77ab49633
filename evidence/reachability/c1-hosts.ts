// C1: no host passes packets on, has a route past the next one, rewrites addresses or has a tunnel; and no process of ours
// has the power to change that.
import { confined } from '#lab/confined.ts';

import type { Judgement, Proof } from '../proof.ts';
import { attempts, DONE } from './attempts.ts';
import { type HostState, type Powers, powersOf, stateOfHost } from './host-state.ts';
import { NMAP } from './scan.ts';
import { deployedHosts, NEEDS_HOSTS } from './stage.ts';
import { some, verdict } from './verdict.ts';

interface HostSeen {
  readonly state: HostState;
  readonly powers: Powers;
  /** With the process's powers: what would open a way, and what the system said. */
  readonly attempts: Readonly<Record<string, string>>;
  /** The same as root: the positive control. */
  readonly attemptsAsRoot: Readonly<Record<string, string>>;
}
const HOSTS = { gateway: 'gateway', broker: 'broker', agent: 'lgwan' } as const;
type Name = keyof typeof HOSTS;
export type HostsSeen = Readonly<Record<Name, HostSeen>>;

/** Of each host, all that it may have: its cables, and the one way that the connections of deploy/README.md need. */
const ROUTES: Readonly<Record<Name, readonly string[]>> = {
  gateway: [
    ...['203.0.113.0/24 dev outside', '192.0.2.0/24 dev inside', '10.20.0.0/24 dev management'],
    ...['2001:db8:113::/64 dev outside', '2001:db8:2::/64 dev inside', '2001:db8:20::/64 dev management'],
  ],
  broker: [
    ...['192.0.2.0/24 dev outside', '198.51.100.0/24 dev inside', '10.30.0.0/24 via 198.51.100.1 dev inside'],
    ...['2001:db8:2::/64 dev outside', '2001:db8:100::/64 dev inside'],
    '2001:db8:30::/64 via 2001:db8:100::1 dev inside',
  ],
  agent: [
    ...['10.30.0.0/24 dev office', '198.51.100.0/24 via 10.30.0.1 dev office'],
    ...['2001:db8:30::/64 dev office', '2001:db8:100::/64 via 2001:db8:30::1 dev office'],
  ],
};

export const c1Hosts: Proof<HostsSeen> = {
  name: 'c1-hosts',
  requirements: ['C1'],
  claim: {
    ja: 'どのホストもパケットを転送せず、アドレスを書き換えず、トンネルを持たない。プロセスにはそれを変える権限がない',
    en: 'No host forwards packets, rewrites addresses or has a tunnel, and no process of ours has the power to change that',
  },
  tried: {
    ja: '転送の設定、経路、装置、規則、プロセスの権限(/proc/PID/status)と開いているファイルを調べた。同じ権限で経路・トンネル・転送・規則・生ソケットを作ろうとした。管理者権限では同じことができるのを確かめた',
    en: "Read forwarding, routes, devices, rules, each process's capabilities (/proc/PID/status) and open files; tried with these powers to add a route, a tunnel, forwarding, a rule and a raw socket; and saw root succeed in each",
  },
  needs: [...NEEDS_HOSTS, NMAP],
  async collect(run) {
    const { deployed } = await run.stage(deployedHosts);
    const seen = (name: Name): HostSeen => {
      const place = deployed.network.on(HOSTS[name]);
      return {
        state: stateOfHost(place),
        powers: powersOf(deployed.processes[name].pid),
        attempts: attempts(confined(place, name)),
        attemptsAsRoot: attempts(place),
      };
    };
    return { gateway: seen('gateway'), broker: seen('broker'), agent: seen('agent') };
  },
  judge(seen): Judgement {
    const names = Object.keys(HOSTS) as Name[];
    const list = (of: (name: Name) => readonly string[]) =>
      names.flatMap((name) => of(name).map((what) => `${name}: ${what}`));
    const forwarding = list((name) =>
      seen[name].state.forwarding.every((value) => value === '0') ? [] : ['forwards'],
    );
    const routes = list((name) => seen[name].state.routes.filter((route) => !ROUTES[name].includes(route)));
    const devices = list((name) => seen[name].state.devices.filter((one) => !/^(?:lo loopback|\w+ veth)$/.test(one)));
    const rewriting = list((name) => seen[name].state.rewriting);
    const tunnels = list((name) => seen[name].powers.tunnels);
    const powers = list((name) => {
      const { effective, bounding, noNewPrivileges } = seen[name].powers;
      const reaching = [...new Set([...effective, ...bounding])].filter((one) =>
        /NET_ADMIN|NET_RAW|SYS_ADMIN/.test(one),
      );
      return noNewPrivileges ? reaching : [...reaching, 'may gain privileges'];
    });
    const granted = list((name) =>
      Object.entries(seen[name].attempts).flatMap(([what, said]) => (said === DONE ? [what] : [])),
    );
    const refused = list((name) =>
      Object.entries(seen[name].attemptsAsRoot).flatMap(([what, said]) => (said === DONE ? [] : [`${what} (${said})`])),
    );
    const tried = names.reduce((sum, name) => sum + Object.keys(seen[name].attempts).length, 0);
    return verdict(
      [
        forwarding.length > 0 && {
          ja: `転送が有効です: ${some(forwarding)}`,
          en: `forwarding is on: ${some(forwarding)}`,
        },
        routes.length > 0 && { ja: `余分な経路があります: ${some(routes)}`, en: `routes too many: ${some(routes)}` },
        devices.length > 0 && {
          ja: `余分な装置があります: ${some(devices)}`,
          en: `devices too many: ${some(devices)}`,
        },
        rewriting.length > 0 && {
          ja: `アドレス変換があります: ${some(rewriting)}`,
          en: `addresses are rewritten: ${some(rewriting)}`,
        },
        tunnels.length > 0 && {
          ja: `トンネルを開いています: ${some(tunnels)}`,
          en: `tunnels are open: ${some(tunnels)}`,
        },
        powers.length > 0 && { ja: `余分な権限があります: ${some(powers)}`, en: `powers too many: ${some(powers)}` },
        granted.length > 0 && {
          ja: `プロセスの権限でできてしまいます: ${some(granted)}`,
          en: `a process of ours may make: ${some(granted)}`,
        },
        (tried === 0 || refused.length > 0) && {
          ja: `管理者権限でもできず、試みを信用できません: ${some(refused)}`,
          en: `root could not either, so the attempts show nothing: ${some(refused)}`,
        },
      ],
      {
        ja: `転送 0、余分な経路 0、アドレス変換 0、トンネル 0。権限は gateway ${some(seen.gateway.powers.effective)}、broker ${some(seen.broker.powers.effective)}、agent なし。${tried} 回の試みはすべて拒まれ、管理者権限ではできた`,
        en: `no forwarding, no route too many, no address translation, no tunnel; capabilities: gateway ${some(seen.gateway.powers.effective)}, broker ${some(seen.broker.powers.effective)}, agent ${some(seen.agent.powers.effective) || 'none'}; all ${tried} attempts were refused, and root succeeded in each`,
      },
    );
  },
};
