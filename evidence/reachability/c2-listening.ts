// C2: in LGWAN nothing listens for others; outside it nothing but what deploy/ says.
import { openTo, socketsOf } from '#lab/sockets.ts';
import type { Judgement, Proof } from '../proof.ts';
import { HOLE, withHole } from './hole.ts';
import { deployedHosts, NEEDS_HOSTS } from './stage.ts';
import { some, verdict } from './verdict.ts';

export interface ListeningSeen {
  /** By the host on which the process runs. */
  readonly open: Readonly<Record<'gateway' | 'broker' | 'lgwan', readonly string[]>>;
  /** On LGWAN's host while one port is opened on purpose. */
  readonly openWithHole: readonly string[];
}

/** What deploy/*.json says, and the firewall rules with it. */
const MEANT = {
  gateway: ['tcp 10.20.0.10:443', 'tcp 203.0.113.10:443', 'tcp 203.0.113.10:8443'],
  broker: ['tcp 192.0.2.20:443', 'tcp 198.51.100.20:443'],
  lgwan: [],
} as const;

export const c2Listening: Proof<ListeningSeen> = {
  name: 'c2-listening',
  requirements: ['C2'],
  claim: {
    ja: 'LGWAN 側では、ループバック以外のどのアドレスでも何も待ち受けない',
    en: 'In LGWAN nothing listens on any address but loopback',
  },
  tried: {
    ja: 'カーネルのソケット表(/proc/PID/net/tcp・tcp6・udp・udp6)を読んだ。LGWAN 側でわざとポートを一つ開けて読み直した',
    en: "Read the kernel's socket tables (/proc/PID/net/tcp, tcp6, udp, udp6), and once more with one port opened on purpose",
  },
  needs: NEEDS_HOSTS,
  async collect(run) {
    const hosts = await run.stage(deployedHosts);
    const { broker, gateway, agent } = hosts.deployed.processes;
    const open = {
      gateway: openTo(socketsOf(gateway.pid)),
      broker: openTo(socketsOf(broker.pid)),
      lgwan: openTo(socketsOf(agent.pid)),
    };
    const openWithHole = await withHole(hosts, run.folder, async () => openTo(socketsOf(agent.pid)));
    return { open, openWithHole };
  },
  judge({ open, openWithHole }): Judgement {
    const unmeant = (['gateway', 'broker'] as const).flatMap((host) =>
      open[host].filter((one) => !MEANT[host].some((meant) => meant === one)).map((one) => `${host} ${one}`),
    );
    const absent = (['gateway', 'broker'] as const).flatMap((host) =>
      MEANT[host].filter((one) => !open[host].includes(one)).map((one) => `${host} ${one}`),
    );
    return verdict(
      [
        open.lgwan.length > 0 && {
          ja: `LGWAN 側で待ち受けています: ${some(open.lgwan)}`,
          en: `something listens in LGWAN: ${some(open.lgwan)}`,
        },
        unmeant.length > 0 && {
          ja: `設定にない待ち受けがあります: ${some(unmeant)}`,
          en: `listens though deploy/ does not say so: ${some(unmeant)}`,
        },
        absent.length > 0 && {
          ja: `設定した待ち受けが見えず、表を信用できません: ${some(absent)}`,
          en: `what deploy/ says is not in the tables, so they show nothing: ${some(absent)}`,
        },
        !openWithHole.includes(`tcp ${HOLE.address}:${HOLE.port}`) && {
          ja: 'わざと開けたポートが見えず、表を信用できません',
          en: 'the port opened on purpose was not seen, so the tables show nothing',
        },
      ],
      {
        ja: `LGWAN 側 0、中継 ${some(open.broker)}、ゲートウェイ ${some(open.gateway)}。わざと開けたポートは見えた`,
        en: `LGWAN none, broker ${some(open.broker)}, gateway ${some(open.gateway)}; the port opened on purpose was seen`,
      },
    );
  },
};
