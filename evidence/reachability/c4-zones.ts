// C4: each listener takes certificates of its own kind alone: no zone's certificate opens another zone's door.
import { join } from 'node:path';
import { issueWithKey } from '#certs/demo.ts';
import type { HostName } from '#lab/deployment-plan.ts';
import type { CertificateKind } from '#protocol/names.ts';
import type { Judgement, Proof } from '../proof.ts';
import { auditOf, newLines } from './audit-log.ts';
import { askOn } from './on-host.ts';
import type { Presented, Taken } from './present.ts';
import { deployedHosts, type Hosts, NEEDS_HOSTS } from './stage.ts';
import { some, verdict } from './verdict.ts';

/** Every listener that asks for a certificate, who may come, and from where. */
const LISTENERS = {
  'gateway, public': {
    ...{ from: 'internet', host: '203.0.113.10', name: 'telework.example.jp' },
    ...{ authority: 'gateway-server', takes: 'user-client', audited: 'gateway' },
  },
  'gateway, administration': {
    ...{ from: 'management', host: '10.20.0.10', name: 'admin.telework.example.jp' },
    ...{ authority: 'admin', takes: 'admin-client', audited: 'gateway' },
  },
  'broker, for gateways': {
    ...{ from: 'gateway', host: '192.0.2.20', name: 'broker.asp.example.jp' },
    ...{ authority: 'hop', takes: 'hop-client', audited: 'broker' },
  },
  'broker, for agents': {
    ...{ from: 'lgwan', host: '198.51.100.20', name: 'broker.lgwan.example.jp' },
    ...{ authority: 'agent', takes: 'agent-client', audited: 'broker' },
  },
} as const satisfies Record<
  string,
  { from: HostName; authority: CertificateKind; audited: 'gateway' | 'broker' } & object
>;
type Listener = keyof typeof LISTENERS;

/** Every certificate there is, by its file and its kind. */
const CERTIFICATES = {
  'user-client': 'user',
  'gateway-server': 'gateway-server',
  'hop-client': 'hop',
  'hop-server': 'hop',
  'agent-client': 'agent',
  'agent-server': 'agent',
  'admin-client': 'admin',
  'admin-server': 'admin',
} as const satisfies Record<string, CertificateKind>;
type Certificate = keyof typeof CERTIFICATES;

export interface ZonesSeen {
  readonly taken: Readonly<Record<Listener, readonly Taken[]>>;
  /** certificate-refused events that these caused. */
  readonly audited: number;
}

async function collectZones(hosts: Hosts): Promise<ZonesSeen> {
  const { authorities, network } = hosts.deployed;
  const issued = (file: string) => join(authorities, 'issued', file);
  for (const kind of ['user', 'admin'] as const) {
    const leaf = {
      kind,
      role: 'client',
      municipality: '999999',
      name: 'probe',
      commonName: 'probe',
      hosts: [],
    } as const;
    await issueWithKey(authorities, leaf, issued(`${kind}-client`), Date.now(), true);
  }
  const filesOf = (certificate: Certificate) => ({
    key: issued(`${certificate}.key.pem`),
    certificate: issued(`${certificate}.cert.pem`),
    authority: join(authorities, CERTIFICATES[certificate], 'ca.cert.pem'),
  });
  const names = Object.keys(CERTIFICATES) as Certificate[];
  const presented = [
    { certificate: 'none', chain: false, files: null },
    ...names.flatMap((certificate) =>
      [false, true].map((chain) => ({ certificate, chain, files: filesOf(certificate) })),
    ),
  ];
  const refusals = () =>
    (['gateway', 'broker'] as const)
      .flatMap((host) => auditOf(hosts, host))
      .filter(({ event }) => event === 'certificate-refused').length;
  const before = refusals();
  const all = Object.entries(LISTENERS).map(async ([listener, { from, host, name, authority }]) => {
    const server = { host, port: 443, serverName: name, authority: join(authorities, authority, 'ca.cert.pem') };
    const question = { ...server, presented };
    return [listener, await askOn<Taken[]>(network.on(from), 'evidence/reachability/present.ts', question)] as const;
  });
  const taken = Object.fromEntries(await Promise.all(all)) as Record<Listener, Taken[]>;
  const refused = Object.values(taken)
    .flat()
    .filter(({ status }) => status === 403).length;
  return { taken, audited: await newLines(refusals, before, refused) };
}

export const c4Zones: Proof<ZonesSeen> = {
  name: 'c4-zones',
  requirements: ['C4', 'D9'],
  claim: {
    ja: 'どの待ち受けも自分の種類の証明書だけを受け付け、ほかの区域の証明書では入れない',
    en: 'Each listener takes certificates of its own kind alone; no other zone’s certificate lets anybody in',
  },
  tried: {
    ja: '動いている四つの待ち受けに、八種類の証明書を単独でと認証局の証明書つきで、また証明書なしで示した',
    en: 'Presented eight kinds of certificate to the four running listeners, alone and with their authority’s certificate sent along, and none',
  },
  needs: NEEDS_HOSTS,
  collect: async (run) => collectZones(await run.stage(deployedHosts)),
  judge({ taken, audited }): Judgement {
    const cells = (Object.keys(LISTENERS) as Listener[]).flatMap((listener) =>
      taken[listener].map((cell) => ({ listener, cell, own: cell.certificate === LISTENERS[listener].takes })),
    );
    const tell = (chosen: typeof cells) =>
      chosen.map(
        ({ listener, cell }) => `${nameOf(cell)} at "${listener}": ${cell.status ?? 'no answer'} ${cell.code}`,
      );
    const entered = cells.filter(({ cell, own }) => !own && !isRefused(cell));
    const kept = cells.filter(({ cell, own }) => own && (isRefused(cell) || cell.status === null));
    const refused = cells.filter(({ cell }) => isRefused(cell)).length;
    const told = cells.filter(({ cell }) => cell.status === 403).length;
    const missing = cells.length < Object.keys(LISTENERS).length * (1 + 2 * Object.keys(CERTIFICATES).length);
    return verdict(
      [
        missing && { ja: '試していない組み合わせがあります', en: 'combinations were left out' },
        entered.length > 0 && {
          ja: `ほかの種類の証明書で入れました: ${some(tell(entered))}`,
          en: `another kind got in: ${some(tell(entered))}`,
        },
        kept.length > 0 && {
          ja: `正しい証明書で入れず、試みを信用できません: ${some(tell(kept))}`,
          en: `the right certificate did not get in, so this shows nothing: ${some(tell(kept))}`,
        },
        audited < told && {
          ja: `監査に残ったのは ${told} 件のうち ${audited} 件です`,
          en: `of ${told} refusals ${audited} were audited`,
        },
      ],
      {
        ja: `${cells.length} 通りのうち、正しい種類の ${cells.length - refused} 通りだけが通り、ほかの ${refused} 通りはすべて拒まれて監査に残った`,
        en: `of ${cells.length} combinations only the ${cells.length - refused} of the right kind got in; the other ${refused} were refused and audited`,
      },
    );
  },
};

const nameOf = ({ certificate, chain }: Presented): string => (chain ? `${certificate} with its chain` : certificate);

/** By the gate before every route; or in TLS, or without a word. */
const isRefused = ({ status }: Taken): boolean => status === 403 || status === null;
