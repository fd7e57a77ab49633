// A report with every scenario in it, for tests of what is made of one. Its figures are invented.

import type { ProcessUse, Report, ScenarioResult } from '#bench/result.ts';
import { distribution } from '#bench/statistics.ts';
import { TIER_LABELS, TIERS } from '#broker/tiers.ts';

/** `count` values around `middle` with a tail. */
const around = (middle: number, count = 200) =>
  distribution(
    Array.from({ length: count }, (_, i) => middle * (0.8 + (0.4 * i) / count + (i > count * 0.98 ? 0.3 : 0))),
  );

const use = (name: string, cpuShare: number): ProcessUse => ({
  name,
  cpuSeconds: cpuShare * 8,
  cpuShare,
  waitShare: cpuShare / 4,
  rssMiB: 90,
});

const processes = (mbps: number): ProcessUse[] => [
  use('gateway', 0.02 + mbps / 3_000),
  use('broker', 0.02 + mbps / 2_500),
  use('replay', 0.03 + mbps / 2_000),
  use('load', 0.03 + mbps / 2_200),
  use('link', 0.01 + mbps / 9_000),
];

function fill(tier: keyof typeof TIERS, sessions: number): ScenarioResult {
  const { mbps } = TIERS[tier];
  const utilisation = mbps > 500 ? 0.71 : 0.991;
  const [idle, full, other] = [around(22), around(30), around(26)];
  return {
    scenario: 'fill',
    tier,
    mbps,
    sessions,
    seconds: 8,
    baseRoundTripMs: 20,
    utilisation,
    utilisationPeak: utilisation + 0.008,
    goodputShare: utilisation * 0.968,
    keyRoundTripMs: { idleP50: idle.p50, idleP99: idle.p99, fullP50: full.p50, fullP99: full.p99, idle, full },
    otherKeyRoundTripMs: { idleP99: idle.p99, fullP99: other.p99, idle, full: other },
    stalenessP95Ms: mbps > 10 ? 40 : 104,
    stalenessMs: around(mbps > 10 ? 30 : 85),
    jain: sessions > 1 ? 0.9987 : null,
    bytesPerSession: Array.from({ length: sessions }, (_, i) => Math.round(((mbps * 1e6) / sessions) * (1 + i / 500))),
    superseded: 140,
    processes: processes(mbps),
    wireBitsPerSecond: {
      everyMs: 100,
      values: Array.from({ length: 80 }, (_, i) => mbps * 1e6 * utilisation * (i < 3 ? i / 3 : 1 + 0.01 * Math.sin(i))),
    },
    limitedBy: mbps > 500 ? "the agents' core: 0.99 of it in use" : null,
  };
}

function office(tier: keyof typeof TIERS): ScenarioResult {
  const { mbps } = TIERS[tier];
  const sessions = Math.round(mbps * 2.2);
  const step = (count: number) => ({
    sessions: count,
    keyRoundTripMs: around(22 * (1 + (3 * count) / sessions)),
    stalenessMs: around(40),
    utilisation: Math.min(0.99, (count / sessions) * 0.95),
    kbitPerSession: 402,
    processes: processes(mbps / 2),
  });
  return {
    scenario: 'office',
    tier,
    mbps,
    baseRoundTripMs: 20,
    limitMs: 150,
    sessions,
    failedAt: mbps > 300 ? null : Math.round(sessions * 1.25),
    boundedBy: mbps > 300 ? 'cpu' : 'latency',
    steps: [0.25, 0.5, 1, 1.25].map((share) => step(Math.max(1, Math.round(sessions * share)))),
  };
}

const peer = (id: string, title: string, openssl: string | null) => ({
  id,
  title,
  version: openssl ? '1.2.3' : null,
  openssl,
  note: 'TLS–TLS',
  missing: openssl ? null : 'not installed',
});

const PEERS = [
  peer('us', 'LGWAN telework relay', '3.5.8'),
  peer('nginx', 'nginx stream', '3.0.19'),
  peer('haproxy', 'HAProxy tcp', '3.0.19'),
  peer('nginxWebSocket', 'nginx WebSocket proxy', '3.0.19'),
  peer('ws', 'plain ws relay', '3.5.8'),
  peer('websockify', 'websockify', null),
  peer('meshcentral', 'MeshCentral relay', '3.5.8'),
];
const COST: Record<string, number | null> = {
  us: 1.9,
  nginx: 1.8,
  haproxy: 1.9,
  nginxWebSocket: 2.9,
  ws: 2.8,
  websockify: null,
  meshcentral: 9.6,
};

const perPeer = <T>(of: (id: string, cost: number) => T) =>
  Object.fromEntries(Object.entries(COST).map(([id, cost]) => [id, cost === null ? null : of(id, cost)]));

function relay(): ScenarioResult {
  const run = (id: string, load: string, factor: number) => {
    const cost = (COST[id] ?? 1) * factor;
    return {
      peer: id,
      load,
      round: 0,
      bytes: 5e8,
      seconds: 1,
      cpuSeconds: cost / 2,
      cpuSecondsPerGB: cost,
      cpuShare: Math.min(1, cost / 2),
      generatorBound: load === 'saturated' && cost < 1.9,
      carriedShare: load === 'saturated' ? null : 1,
      residentMiB: 90,
    };
  };
  const measured = Object.keys(COST).filter((id) => COST[id] !== null);
  const ratios = (factor: number) => perPeer((id, cost) => (id === 'us' ? null : ((COST.us ?? 0) * factor) / cost));
  return {
    scenario: 'relay',
    cpuSecondsPerGB: COST,
    peers: PEERS,
    runs: [
      ...measured.map((id) => run(id, 'saturated', 1)),
      ...TIER_LABELS.flatMap((tier) =>
        ['us', 'nginx', 'haproxy'].map((id) => run(id, tier, 1 + 60 / TIERS[tier].mbps)),
      ),
    ],
    ratios: {
      saturated: ratios(1),
      ...Object.fromEntries(TIER_LABELS.map((tier) => [tier, ratios(1 + 4 / TIERS[tier].mbps)])),
    },
    probeMs: {
      idle: perPeer(() => around(0.6)),
      saturated: perPeer((id) => around(id === 'haproxy' ? 9 : id === 'ws' ? 7.5 : 0.6)),
    },
    residenceMs: around(0.03),
    oneWayMs: { ...perPeer(() => around(0.4)), direct: around(0.2) },
    method: {
      recordBytes: 16_376,
      secondsPerRun: 0.7,
      rounds: 3,
      pinned: true,
      probesFirst: true,
      certificates: 'RSA-3072',
      suite: 'TLS 1.3, AES-256-GCM',
    },
  };
}

const network = (lostPackets: number) => ({
  utilisation: 0.994,
  keyRoundTripMs: around(37),
  stalenessMs: around(25),
  ourBytes: 3_790_000,
  kernelBytes: 3_760_000,
  kernelPackets: 2_600,
  ratio: 0.9921,
  inwardBytes: 126_000,
  lostPackets,
  processes: processes(10),
});

export const SCENARIOS: readonly ScenarioResult[] = [
  ...TIER_LABELS.map((tier) => fill(tier, 1)),
  fill('10Mbps', 20),
  ...TIER_LABELS.map(office),
  {
    scenario: 'greedy',
    tier: '10Mbps',
    mbps: 10,
    baseRoundTripMs: 20,
    officeSessions: 99,
    rounds: [45, 44, 47].map((ms) => ({
      without: around(40),
      with: around(ms),
      ratioP95: ms / 40,
      greedyGoodputShare: 0.3,
      utilisation: 0.99,
      processes: processes(10),
    })),
    ratioP95: 1.125,
  },
  {
    scenario: 'step',
    tiers: ['100Mbps', '10Mbps', '100Mbps'],
    baseRoundTripMs: 20,
    changedAtMs: [0, 4_000, 8_000],
    wireBitsPerSecond: {
      everyMs: 100,
      values: Array.from({ length: 120 }, (_, i) =>
        i < 40 ? 98e6 : i < 80 ? 9.9e6 : Math.min(98e6, 9.9e6 * 1.2 ** (i - 80)),
      ),
    },
    stalenessP95Ms: { everyMs: 200, values: Array.from({ length: 60 }, (_, i) => (i > 19 && i < 24 ? 300 : 60)) },
    regainedMs: 1_300,
    settledMs: 640,
    processes: processes(100),
  },
  {
    scenario: 'morning',
    users: 50,
    withinSeconds: 60,
    signInMs: around(120),
    openMs: around(260),
    failed: 0,
    handshakes: { count: 900, perSecond: 181, p50Ms: 21, p99Ms: 44, group: 'X25519MLKEM768' },
    requests: [{ path: '/healthz', count: 50, refused: 0, p50Ms: 2, p99Ms: 9 }],
    processes: processes(10),
  },
  {
    scenario: 'slow-reader',
    tier: '10Mbps',
    stalledSeconds: 4,
    inFlightMaxBytes: 41_000,
    windowBytes: 41_250,
    heldWindow: true,
    firstFreshMs: 130,
    backlogBytes: 40_800,
    otherBefore: around(23),
    otherDuring: around(24),
    processes: processes(10),
  },
  {
    scenario: 'network',
    mbps: 10,
    seconds: 3,
    baseRoundTripMs: 20,
    lines: [
      { rate: 'shaper', lostPerMille: 0, missing: null, figures: network(0) },
      { rate: 'tbf', lostPerMille: 0, missing: null, figures: network(0) },
      { rate: 'shaper', lostPerMille: 1, missing: 'Error: Could not process rule: <No such file>', figures: null },
    ],
  },
  relay(),
  {
    scenario: 'soak',
    sessions: 1_000,
    seconds: 600,
    lost: 0,
    keyRoundTripMs: around(30),
    memory: {
      gateway: { everyMs: 10_000, values: Array.from({ length: 60 }, () => 210) },
      broker: { everyMs: 10_000, values: Array.from({ length: 60 }, () => 180) },
    },
    idleSessionKiB: { gateway: 150, broker: 121 },
    processes: processes(10),
  },
  {
    scenario: 'encode',
    workloads: [
      {
        workload: 'typing',
        desktop: 'office 1280x800',
        seconds: 6,
        kbitPerSecond: 12.1,
        updatesPerSecond: 10,
        cpuShare: 0.04,
        bytesPerUpdate: around(140),
        missing: null,
      },
      {
        workload: 'video',
        desktop: 'tigervnc 1280x800',
        seconds: 6,
        kbitPerSecond: 0,
        updatesPerSecond: 0,
        cpuShare: 0,
        bytesPerUpdate: distribution([]),
        missing: 'Xtigervnc is not installed',
      },
    ],
  },
];

export function sampleReport(changes: Partial<Report> = {}): Report {
  return {
    format: 1,
    startedAt: '2026-11-26T01:23:45.000Z',
    seconds: 312,
    partial: null,
    command: 'npm run bench',
    machine: {
      cpu: 'Example CPU',
      cores: 2,
      memoryGiB: 24,
      arch: 'x64',
      kernel: '6.18.0',
      node: 'v26.10.0',
      openssl: '3.5.8',
    },
    commit: '0123abc',
    scenarios: [...SCENARIOS],
    notRun: [],
    ...changes,
  };
}
