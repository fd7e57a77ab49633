// C2: all that passes LGWAN's cables are connections that the agent opened to the broker. What remains to whoever holds the broker are the bytes inside these.
import { copyFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run as runCommand } from '#lab/process.ts';
import { capture } from '#lab/tap.ts';
import type { Judgement, Proof } from '../proof.ts';
import { type Conversations, conversationsIn } from './conversations.ts';
import { HOLE, withHole } from './hole.ts';
import { deployedHosts, NEEDS_HOSTS } from './stage.ts';
import { some, verdict } from './verdict.ts';
import { takeOver, WALLS } from './wall.ts';

const AGENT_TO_BROKER = '10.30.0.30 → 198.51.100.20 tcp 443';

export interface DirectionSeen {
  /** On the cables to the agent and to another PC of LGWAN, from before the start until a teleworker had worked. */
  readonly agent: Conversations;
  readonly office: Conversations;
  /** While one connection came in by a hole opened on purpose. */
  readonly withHole: Conversations;
  readonly missed: number;
  /** Of the teleworker's client, to see that there was something to capture. */
  readonly worked: { readonly exitCode: number; readonly result: string };
}

export const c2Direction: Proof<DirectionSeen> = {
  name: 'c2-direction',
  requirements: ['C2', 'C1'],
  claim: {
    ja: 'LGWAN 側の配線を通るのは、エージェントが中継の 443 番へ開いた接続だけである',
    en: "All that passes LGWAN's cables are connections that the agent opened to the broker's port 443",
  },
  tried: {
    ja: '各プロセスの起動前から利用者が作業を終えるまで LGWAN 側の配線を tcpdump で記録し、接続を開いた側を読み取った。わざと開けた穴から入る接続も記録した',
    en: "Captured LGWAN's cables from before the first process started until a teleworker had worked, and read who opened each connection; also captured one that came in by a hole opened on purpose",
  },
  needs: NEEDS_HOSTS,
  async collect(run) {
    const hosts = await run.stage(deployedHosts);
    const { deployed, captured, first } = hosts;
    const [agent, office] = [captured['firewall-agent'], captured['firewall-office']];
    for (const { file } of [agent, office]) copyFileSync(file, join(run.folder, basename(file)));
    const leave = takeOver(hosts, WALLS.firewall);
    try {
      const hole = await withHole(hosts, run.folder, async () => {
        const tap = await capture(deployed.network.on('lgwan'), 'office', join(run.folder, 'with-hole.pcap'));
        await runCommand('lab/reach.ts', [HOLE.address, String(HOLE.port)], { place: deployed.network.on('broker') });
        return tap.stop();
      });
      return {
        ...{ agent: conversationsIn(agent.packets), office: conversationsIn(office.packets) },
        withHole: conversationsIn(hole.packets),
        missed: agent.missed + office.missed + hole.missed,
        worked: { exitCode: first.code, result: first.stdout.trim() },
      };
    } finally {
      leave();
    }
  },
  judge({ agent, office, withHole: hole, missed, worked }): Judgement {
    const wrong = Object.keys({ ...agent.opened, ...office.opened }).filter((name) => name !== AGENT_TO_BROKER);
    const others = [...agent.others, ...office.others];
    const count = agent.opened[AGENT_TO_BROKER] ?? 0;
    return verdict(
      [
        wrong.length > 0 && { ja: `ほかの接続がありました: ${some(wrong)}`, en: `other connections: ${some(wrong)}` },
        others.length > 0 && { ja: `ほかの通信がありました: ${some(others)}`, en: `other packets: ${some(others)}` },
        missed > 0 && {
          ja: `記録から漏れたパケットがあります: ${missed}`,
          en: `the captures missed ${missed} packets`,
        },
        (worked.exitCode !== 0 || count < 2) && {
          ja: '利用者の作業が終わっておらず、記録に意味がありません',
          en: 'the teleworker did not get through, so the capture shows nothing',
        },
        hole.opened[`198.51.100.20 → ${HOLE.address} tcp ${HOLE.port}`] === undefined && {
          ja: 'わざと開けた穴から入る接続が記録に現れず、記録を信用できません',
          en: 'the connection through the hole opened on purpose is not in its capture, so captures show nothing',
        },
      ],
      {
        ja: `接続は ${AGENT_TO_BROKER} が ${count} 本だけ。残るのはその中のバイト(入り ${agent.bytes.toOpeners}、出 ${agent.bytes.fromOpeners})。ARP・近隣探索 ${agent.neighbourhood + office.neighbourhood} 個は別。穴から入る接続は記録に現れた`,
        en: `only ${AGENT_TO_BROKER}, ${count} connections; what remains are the bytes inside them (${agent.bytes.toOpeners} in, ${agent.bytes.fromOpeners} out); ARP and neighbour discovery apart (${agent.neighbourhood + office.neighbourhood}); the connection through the hole was seen`,
      },
    );
  },
};
