// C3: a running broker takes no message with a destination in it.
import { join } from 'node:path';
import { filesOf, issueWithKey } from '#certs/demo.ts';
import type { HostName } from '#lab/deployment-plan.ts';
import { MUNICIPALITY } from '#lab/system.ts';
import type { Judgement, Proof } from '../proof.ts';
import { auditOf, newLines } from './audit-log.ts';
import { askOn } from './on-host.ts';
import type { Speech, Spoken } from './speak.ts';
import { deployedHosts, type Hosts, NEEDS_HOSTS } from './stage.ts';
import { some, verdict } from './verdict.ts';

export interface BrokerSpoken {
  readonly spoken: Readonly<Record<Side, readonly Spoken[]>>;
  /** The broker's audit events with reason MALFORMED that these caused. */
  readonly malformed: number;
}
type Side = 'agent' | 'gateway';

const FIELDS = ['host', 'port', 'address', 'url', 'target', 'to', 'path', 'proxy'] as const;
const DESKTOP = `${MUNICIPALITY}/probe/pc-01`;

/** Good by itself, the first of each side; then the same with one field more. */
function speechesOf(side: Side): Speech[] {
  const good =
    side === 'agent'
      ? { type: 'presence', desktops: [DESKTOP] }
      : { type: 'open', session: 'a'.repeat(32), desktop: DESKTOP, grant: 'x' };
  const without = { about: 'none', text: JSON.stringify(good) };
  const named = FIELDS.map((field) => ({
    about: field,
    text: JSON.stringify({ ...good, [field]: '10.30.0.30:5900' }),
  }));
  const desktop = {
    ...good,
    ...(side === 'agent' ? { desktops: ['10.30.0.30:5900'] } : { desktop: '10.30.0.30:5900' }),
  };
  const type = { ...good, type: 'connect' };
  return [
    without,
    ...named,
    { about: 'an address as desktop', text: JSON.stringify(desktop) },
    { about: 'another type', text: JSON.stringify(type) },
  ];
}

export const c3Broker: Proof<BrokerSpoken> = {
  name: 'c3-broker',
  requirements: ['C3'],
  claim: {
    ja: '動いている中継は、宛先の項目を足した電文を受け付けず、接続を切って監査に残す',
    en: 'A running broker takes no message with a destination added: it cuts the link and audits it',
  },
  tried: {
    ja: '正しい証明書で中継の両側に接続し、正しい電文と、宛先の項目を一つずつ足した電文を送った',
    en: 'Dialled both sides of the broker with good certificates; sent a good message, and the same with one destination field each',
  },
  needs: NEEDS_HOSTS,
  async collect(run) {
    const hosts = await run.stage(deployedHosts);
    const malformed = () => auditOf(hosts, 'broker').filter(({ fields }) => fields.reason === 'MALFORMED').length;
    const before = malformed();
    const agent = await speakAs(hosts, 'agent');
    const gateway = await speakAs(hosts, 'gateway');
    const bad = agent.length + gateway.length - 2;
    return { spoken: { agent, gateway }, malformed: await newLines(malformed, before, bad) };
  },
  judge({ spoken, malformed }): Judgement {
    const all = Object.values(spoken).flat();
    const taken = all.filter(({ about, ended }) => about !== 'none' && ended !== 'PROTOCOL_ERROR');
    const good = all.filter(({ about, ended }) => about === 'none' && ended === null);
    const bad = all.filter(({ about }) => about !== 'none').length;
    return verdict(
      [
        taken.length > 0 && {
          ja: `切られなかった電文があります: ${some(taken.map(({ about }) => about))}`,
          en: `messages for which the link was not cut: ${some(taken.map(({ about }) => about))}`,
        },
        (good.length !== Object.keys(spoken).length || bad === 0) && {
          ja: '正しい電文も通らず、試みを信用できません',
          en: 'the good messages were not taken either, so this shows nothing',
        },
        malformed !== bad && {
          ja: `監査に残ったのは ${bad} 件のうち ${malformed} 件です`,
          en: `of ${bad} refusals ${malformed} were audited`,
        },
      ],
      {
        ja: `宛先を足した ${bad} 通りの電文はすべて切られ、すべて監査に残った。正しい電文は両側で通った`,
        en: `all ${bad} were cut and audited; the good message was taken on both sides`,
      },
    );
  },
};

/** Names of their own: the running agent's and gateway's links stay as they are. */
const SIDES = {
  agent: { kind: 'agent', municipality: MUNICIPALITY, from: 'lgwan', server: 'broker.lgwan.example.jp' },
  gateway: { kind: 'hop', municipality: '-', from: 'gateway', server: 'broker.asp.example.jp' },
} as const satisfies Record<Side, object>;

async function speakAs(hosts: Hosts, side: Side): Promise<Spoken[]> {
  const { deployed } = hosts;
  const { kind, municipality, from, server } = SIDES[side];
  const leaf = { kind, role: 'client', municipality, name: 'probe', commonName: 'probe', hosts: [] } as const;
  const file = `probe-${side}`;
  await issueWithKey(deployed.authorities, leaf, join(deployed.authorities, 'issued', file), Date.now(), true);
  const host: HostName = from;
  return askOn(deployed.network.on(host), 'evidence/reachability/speak.ts', {
    url: `wss://${server}/link`,
    tls: filesOf(deployed.authorities, file, kind),
    speeches: speechesOf(side),
  });
}
