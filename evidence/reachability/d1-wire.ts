// D1: whatever passes a cable between two zones is TLS 1.3 with an authenticated cipher, to the last byte.
import { copyFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Judgement, Proof } from '../proof.ts';
import { deployedHosts, NEEDS_HOSTS, type Point } from './stage.ts';
import { type TlsConnection, tlsConnectionsIn } from './tls-records.ts';
import { some, verdict } from './verdict.ts';

/** One hop each. */
const HOPS = ['internet-gateway', 'gateway-broker', 'broker-firewall'] as const satisfies readonly Point[];
type Hop = (typeof HOPS)[number];

const TLS_13 = 0x0304;
const SUITES: Readonly<Record<number, string>> = { 4865: 'TLS_AES_128_GCM_SHA256', 4866: 'TLS_AES_256_GCM_SHA384' };

export interface WireSeen {
  readonly hops: Readonly<Record<Hop, readonly TlsConnection[]>>;
  readonly missed: number;
}

export const d1Wire: Proof<WireSeen> = {
  name: 'd1-wire',
  requirements: ['D1', 'D2', 'D3'],
  claim: {
    ja: 'どの区間を流れるのも、認証付き暗号を使う TLS 1.3 の記録だけである',
    en: 'What passes each hop is TLS 1.3 with an authenticated cipher, and nothing else',
  },
  tried: {
    ja: '起動から利用者の作業が終わるまで各区間を記録し、すべての TCP の流れを TLS の記録に分け、サーバーが選んだ版と暗号を読み、平文の記録を数えた',
    en: 'Captured each hop from the start until a teleworker had worked; split every TCP stream into TLS records; read the version and suite that the server chose; counted records in clear',
  },
  needs: NEEDS_HOSTS,
  async collect(run) {
    const { captured } = await run.stage(deployedHosts);
    for (const hop of HOPS) copyFileSync(captured[hop].file, join(run.folder, basename(captured[hop].file)));
    const read = (hop: Hop) => tlsConnectionsIn(captured[hop].packets);
    return {
      hops: {
        'internet-gateway': read('internet-gateway'),
        'gateway-broker': read('gateway-broker'),
        'broker-firewall': read('broker-firewall'),
      },
      missed: HOPS.reduce((sum, hop) => sum + captured[hop].missed, 0),
    };
  },
  judge({ hops, missed }): Judgement {
    const all = HOPS.flatMap((hop) => hops[hop]);
    const wrong = all.filter((one) => one.wrong !== '').map(({ name, wrong: what }) => `${name}: ${what}`);
    const old = all.filter(({ version }) => version !== TLS_13).map(({ name, version }) => `${name}: ${version}`);
    const weak = all
      .filter(({ suite }) => suite === null || !(suite in SUITES))
      .map(({ name, suite }) => `${name}: ${suite}`);
    const clear = all.filter((one) => one.clear > 0).map(({ name, clear: count }) => `${name}: ${count}`);
    const silent = HOPS.filter((hop) => !hops[hop].some(({ sealed }) => sealed > 0));
    const bytes = all.reduce((sum, one) => sum + one.bytes, 0);
    const suites = [...new Set(all.map(({ suite }) => SUITES[suite ?? 0] ?? 'none'))];
    return verdict(
      [
        silent.length > 0 && {
          ja: `暗号化された通信が記録にない区間があります: ${some(silent)}`,
          en: `hops without any sealed record, where nothing is shown: ${some(silent)}`,
        },
        wrong.length > 0 && { ja: `TLS でない通信: ${some(wrong)}`, en: `not TLS: ${some(wrong)}` },
        old.length > 0 && { ja: `TLS 1.3 でない接続: ${some(old)}`, en: `not TLS 1.3: ${some(old)}` },
        weak.length > 0 && { ja: `決めた暗号でない接続: ${some(weak)}`, en: `another suite: ${some(weak)}` },
        clear.length > 0 && { ja: `平文の記録: ${some(clear)}`, en: `records in clear: ${some(clear)}` },
        missed > 0 && { ja: `記録から漏れたパケット: ${missed}`, en: `the captures missed ${missed} packets` },
      ],
      {
        ja: `${HOPS.length} 区間の ${all.length} 接続、${bytes} バイトのすべてが TLS 1.3 の記録(${some(suites)})。平文の記録は 0`,
        en: `on ${HOPS.length} hops ${all.length} connections, ${bytes} bytes, all of them TLS 1.3 records (${some(suites)}); none in clear`,
      },
    );
  },
};
