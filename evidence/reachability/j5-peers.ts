// J5: the deployed processes talk to their configured peers, and ask nobody for a name.
import { copyFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { HOSTS } from '#lab/deployment-plan.ts';
import { run as runCommand } from '#lab/process.ts';
import { capture } from '#lab/tap.ts';
import type { Judgement, Proof } from '../proof.ts';
import { type Conversations, conversationsIn, nameQuestions, packetsIn } from './conversations.ts';
import { deployedHosts, NEEDS_HOSTS, POINTS, type Point } from './stage.ts';
import { some, verdict } from './verdict.ts';

const TELLTALE = 'evidence/reachability/telltale.ts';

export interface PeersSeen {
  readonly cables: Readonly<Record<Point, { readonly talk: Conversations; readonly nameQuestions: number }>>;
  /** On LGWAN's host, while a program asked for a name there. */
  readonly controlNameQuestions: number;
  readonly missed: number;
}

/** Who may open what, by cable: deploy/README.md. */
const MAY: Readonly<Record<Point, readonly string[]>> = {
  'internet-gateway': ['203.0.113.77 → 203.0.113.10 tcp 443'],
  'gateway-broker': ['192.0.2.10 → 192.0.2.20 tcp 443'],
  'broker-firewall': ['10.30.0.30 → 198.51.100.20 tcp 443'],
  'firewall-agent': ['10.30.0.30 → 198.51.100.20 tcp 443'],
  'firewall-office': [],
  'management-gateway': [],
};

/** Whom the host on each cable would ask: at the inner end, and the gateway and broker at the outer one. */
const RESOLVERS = [HOSTS.gateway.resolver, HOSTS.broker.resolver, HOSTS.lgwan.resolver];

export const j5Peers: Proof<PeersSeen> = {
  name: 'j5-peers',
  requirements: ['J5'],
  claim: {
    ja: '配備した三つのプロセスは、起動時も作業中も、設定した相手とだけ通信し、名前を問い合わせない',
    en: 'The three deployed processes talk to their configured peers only, at start-up and at work, and ask nobody for a name',
  },
  tried: {
    ja: '起動前から利用者が作業を終えるまで、すべての配線を記録した。相手の名前は各ホストの hosts ファイルだけにある。名前を問い合わせるプログラムが記録に現れることも確かめた',
    en: 'Captured every cable from before the start until a teleworker had worked; peers’ names stand in each host’s hosts file only. A program that does ask for a name then had to show in a capture',
  },
  needs: NEEDS_HOSTS,
  async collect(run) {
    const { deployed, captured } = await run.stage(deployedHosts);
    for (const { file } of Object.values(captured)) copyFileSync(file, join(run.folder, basename(file)));
    const tap = await capture(deployed.network.on('lgwan'), 'office', join(run.folder, 'with-telltale.pcap'));
    await runCommand(TELLTALE, [], { place: deployed.network.on('lgwan') });
    const control = await tap.stop();
    const questions = (packets: typeof control.packets) =>
      RESOLVERS.reduce((sum, resolver) => sum + nameQuestions(packets, resolver), 0);
    const seen = (point: Point) => ({
      talk: conversationsIn(captured[point].packets),
      nameQuestions: questions(captured[point].packets),
    });
    const points = Object.keys(POINTS) as Point[];
    return {
      cables: Object.fromEntries(points.map((point) => [point, seen(point)])) as PeersSeen['cables'],
      controlNameQuestions: questions(control.packets),
      missed: control.missed + points.reduce((sum, point) => sum + captured[point].missed, 0),
    };
  },
  judge({ cables, controlNameQuestions, missed }): Judgement {
    const points = Object.keys(POINTS) as Point[];
    const strange = points.flatMap((point) =>
      packetsIn(cables[point].talk)
        .filter((one) => !MAY[point].includes(one))
        .map((one) => `${point}: ${one}`),
    );
    const absent = points.flatMap((point) => MAY[point].filter((one) => !(one in cables[point].talk.opened)));
    const asked = points.filter((point) => cables[point].nameQuestions > 0);
    const peers = points.flatMap((point) => MAY[point]);
    return verdict(
      [
        strange.length > 0 && { ja: `ほかの通信がありました: ${some(strange)}`, en: `other traffic: ${some(strange)}` },
        asked.length > 0 && {
          ja: `名前を問い合わせました: ${some(asked)}`,
          en: `names were asked for: ${some(asked)}`,
        },
        absent.length > 0 && {
          ja: `あるはずの接続が記録になく、記録を信用できません: ${some(absent)}`,
          en: `connections that there must be are not in the captures: ${some(absent)}`,
        },
        missed > 0 && { ja: `記録から漏れたパケット: ${missed}`, en: `the captures missed ${missed} packets` },
        controlNameQuestions === 0 && {
          ja: '名前を問い合わせるプログラムが記録に現れず、記録を信用できません',
          en: 'a program that does ask for a name did not show, so the captures show nothing',
        },
      ],
      {
        ja: `${points.length} 本の配線で、設定した相手だけ: ${some([...new Set(peers)])}。名前の問い合わせ 0(わざと問い合わせたものは ${controlNameQuestions} 個見えた)`,
        en: `on ${points.length} cables the configured peers only: ${some([...new Set(peers)])}; no question for a name (a program that asks was seen, ${controlNameQuestions} packets)`,
      },
    );
  },
};
