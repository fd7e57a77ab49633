// Every place where the system listens.
import type { CertificateKind } from '#protocol/names.ts';
import type { Said } from '../proof.ts';
import type { Ground, ProcessName } from './ground.ts';
import { type Asked, upgradeTo } from './show.ts';

export interface Listener {
  readonly name: ListenerName;
  readonly process: ProcessName;
  port(ground: Ground): number;
  /** Whose certificates it asks for; null: nobody's. */
  readonly asks: CertificateKind | null;
  /** A request that needs a certificate and nothing else, and its answer. */
  readonly asked: Asked;
  readonly accepted: number;
}

export const LISTENER_NAMES = {
  users: { ja: 'ゲートウェイ(利用者)', en: 'gateway, for users' },
  enrolment: { ja: 'ゲートウェイ(証明書の申請)', en: 'gateway, for enrolment' },
  administration: { ja: 'ゲートウェイ(管理者)', en: 'gateway, for administrators' },
  gateways: { ja: '中継(ゲートウェイ側)', en: 'broker, for gateways' },
  agents: { ja: '中継(庁内側)', en: 'broker, for agents' },
} as const satisfies Record<string, Said>;

export type ListenerName = keyof typeof LISTENER_NAMES;

const portIn = (url: string) => Number(new URL(url).port);

export const LISTENERS: readonly Listener[] = [
  {
    ...{ name: 'users', process: 'gateway', asks: 'user' },
    port: ({ system }) => portIn(system.gateway),
    ...{ asked: { method: 'GET', path: '/healthz' }, accepted: 200 },
  },
  {
    ...{ name: 'enrolment', process: 'gateway', asks: null },
    port: ({ system }) => portIn(system.enrolment),
    ...{ asked: { method: 'POST', path: '/enrolment/challenge', body: {} }, accepted: 200 },
  },
  {
    ...{ name: 'administration', process: 'gateway', asks: 'admin' },
    port: ({ system }) => portIn(system.administration),
    ...{ asked: { method: 'GET', path: '/api/sign-in' }, accepted: 200 },
  },
  {
    ...{ name: 'gateways', process: 'broker', asks: 'hop' },
    port: ({ system }) => Number(system.processes.broker.ready.gatewayPort),
    ...{ asked: upgradeTo('/link'), accepted: 101 },
  },
  {
    ...{ name: 'agents', process: 'broker', asks: 'agent' },
    port: ({ system }) => Number(system.processes.broker.ready.agentPort),
    ...{ asked: upgradeTo('/link'), accepted: 101 },
  },
];

export function portOf(ground: Ground, name: ListenerName): number {
  const listener = LISTENERS.find((one) => one.name === name);
  if (!listener) throw new Error(`no listener is called ${name}`);
  return listener.port(ground);
}
