// The architecture as rules over the import graph. Each names its reason, which a failure shows.
import type { Graph, Module } from './import-graph.ts';

/** Zones are the units of the import table; the first pattern that fits a path decides. */
const ZONES = [
  ['protocol/inner/profile', /^protocol\/inner\/(?:profile\.ts$|screen\/)/],
  ['protocol/inner', /^protocol\/inner\//],
  ['protocol/outer', /^protocol\/outer\//],
  ['protocol', /^protocol\/[^/]+$/],
  ['certs/request', /^certs\/request\.ts$/],
  ['web/core', /^web\/core\//],
  ['web/app', /^web\//],
  ['platform', /^platform\//],
  ['rfb', /^rfb\//],
  ['certs', /^certs\//],
  ['gateway', /^gateway\//],
  ['broker', /^broker\//],
  ['agent', /^agent\//],
  ['client-sim', /^client-sim\//],
  ['admin', /^admin\//],
  ['lab', /^lab\//],
  ['bench', /^bench\//],
  ['evidence', /^evidence\//],
  ['tests', /^tests\//],
  ['root', /^[^/]+$/],
] as const satisfies readonly (readonly [string, RegExp])[];

type Zone = (typeof ZONES)[number][0];

const ALL_OF_PROTOCOL: readonly Zone[] = ['protocol', 'protocol/outer', 'protocol/inner', 'protocol/inner/profile'];
const OUTER: readonly Zone[] = ['protocol', 'protocol/outer'];

const RELAY = 'a relay never learns how sealed records are made or what they hold (T03, T04)';

/** Direct imports. A zone may always import itself. */
const MAY: Record<Zone, { zones: readonly Zone[] | 'any'; because: string }> = {
  protocol: { zones: [], because: 'the wire formats stand below everything' },
  'protocol/outer': { zones: ['protocol'], because: 'what relays read is apart from what they must not read' },
  'protocol/inner': {
    zones: ['protocol', 'protocol/inner/profile'],
    because: 'the end-to-end session does not depend on what relays add',
  },
  'protocol/inner/profile': {
    zones: ['protocol', 'protocol/inner'],
    because: 'the profile is the content of a session',
  },
  platform: { zones: OUTER, because: 'every process uses it, the relays too' },
  rfb: { zones: ['protocol', 'protocol/inner/profile'], because: 'it reads a screen and knows no key' },
  gateway: { zones: [...OUTER, 'platform'], because: RELAY },
  broker: { zones: [...OUTER, 'platform'], because: RELAY },
  agent: { zones: [...ALL_OF_PROTOCOL, 'platform', 'rfb'], because: 'an end of the session, and no part of a relay' },
  'certs/request': { zones: ['protocol'], because: 'it runs in the browser, where the key of a request is made' },
  certs: { zones: ['protocol', 'platform', 'certs/request'], because: 'the authorities know certificates only' },
  'web/core': { zones: [...ALL_OF_PROTOCOL, 'certs/request'], because: 'it runs in the browser and in Node' },
  'web/app': { zones: ['web/core'], because: 'pages show what the core does' },
  'client-sim': {
    zones: [...ALL_OF_PROTOCOL, 'web/core', 'platform', 'rfb', 'certs/request'],
    because: 'it is the page without a page',
  },
  admin: { zones: ['protocol', 'platform'], because: 'it asks the running gateway and touches nothing itself' },
  lab: { zones: [...OUTER, 'platform'], because: 'it starts the real programs as processes, as an operator does' },
  bench: { zones: 'any', because: 'it measures whatever there is' },
  evidence: { zones: 'any', because: 'it judges whatever there is' },
  tests: { zones: 'any', because: 'they test whatever there is' },
  root: { zones: [], because: 'configuration of tools' },
};

/** Except that each has its tests, and evidence brings up bench's people where it needs hundreds. */
const NOBODY_IMPORTS: readonly Zone[] = ['tests', 'bench', 'evidence'];

/** Over any number of steps, whatever the table above says. */
const NEVER_REACHES: readonly { from: Zone; to: readonly Zone[]; because: string }[] = [
  { from: 'gateway', to: ['protocol/inner', 'protocol/inner/profile', 'rfb', 'broker', 'agent'], because: RELAY },
  { from: 'broker', to: ['protocol/inner', 'protocol/inner/profile', 'rfb', 'gateway', 'agent'], because: RELAY },
  {
    from: 'platform',
    to: ['protocol/inner', 'protocol/inner/profile', 'rfb'],
    because: 'the relays reach whatever the platform reaches',
  },
  { from: 'agent', to: ['gateway', 'broker'], because: 'the second trust boundary shares no code with the first' },
];

/** Runs in a browser as well: reaches no node: module over any number of steps. */
const PORTABLE: readonly Zone[] = [...ALL_OF_PROTOCOL, 'web/core', 'web/app', 'certs/request'];
/** The one file that binds the session to Node's own cryptography; portable files do not reach it. */
const NODE_CIPHER = 'protocol/inner/cipher-node.ts';

const PURE_PACKAGES = /^(?:zod|jose|@noble\/[\w-]+)$/;
/** Time, timers, randomness, input and output. */
const IMPURE_NAMES = [
  'Date',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'fetch',
  'WebSocket',
  'XMLHttpRequest',
  'document',
  'window',
  'navigator',
  'localStorage',
  'process',
  'Buffer',
  'console',
  'crypto',
];
/** What binds the session to a platform's cryptography: its randomness comes from there. */
const CIPHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  'protocol/inner/cipher.ts': ['crypto'],
  [NODE_CIPHER]: ['crypto', 'Buffer'],
};

/** @returns each violation as one line with its reason; empty if there is none */
export function violations(graph: Graph): string[] {
  return [
    ...[...graph].flatMap(([path, module]) => ofFile(path, module, graph)),
    ...NEVER_REACHES.flatMap((rule) => ofReach(rule, graph)),
    ...ofPortable(graph),
    ...ofCycles(graph),
  ];
}

function ofFile(path: string, { files, packages, names, unclear }: Module, graph: Graph): string[] {
  const zone = zoneOf(path);
  if (!zone) return [`${path}: stands in no folder of the architecture`];
  const { zones, because }: (typeof MAY)[Zone] = MAY[zone];
  const found = zones === 'any' ? [] : unclear.map((what) => `${path}: ${what} cannot be checked`);
  for (const target of files) {
    const other = zoneOf(target);
    if (!graph.has(target)) {
      if (target.endsWith('.ts')) found.push(`${path} imports ${target}, which does not exist`);
    } else if (!other) found.push(`${path} imports ${target}, which stands in no folder of the architecture`);
    else if (other !== zone && zones !== 'any' && !zones.includes(other)) {
      found.push(`${path} imports ${target}: ${zone} may not import ${other}; ${because}`);
    }
    const bringsUpPeople = zone === 'evidence' && other === 'bench';
    if (other && other !== zone && zone !== 'tests' && !bringsUpPeople && NOBODY_IMPORTS.includes(other)) {
      found.push(`${path} imports ${target}: nobody imports ${other}`);
    }
    if (/(?:^|\/)main\.ts$/.test(target) && zone !== 'tests') {
      found.push(`${path} imports ${target}: a main file only wires, and is started, never imported`);
    }
  }
  if (ALL_OF_PROTOCOL.includes(zone)) found.push(...ofPurity(path, packages, names));
  return found;
}

/** Pure: what a function of protocol does depends on its arguments alone, so every case can be played. */
function ofPurity(path: string, packages: readonly string[], names: ReadonlySet<string>): string[] {
  const allowed = CIPHER_NAMES[path] ?? [];
  const foreign = packages.filter(
    (name) => !PURE_PACKAGES.test(name) && !(path === NODE_CIPHER && /^node:/.test(name)),
  );
  const impure = IMPURE_NAMES.filter((name) => names.has(name) && !allowed.includes(name));
  return [
    ...foreign.map((name) => `${path} imports ${name}: protocol is pure (jose, zod and @noble only)`),
    ...impure.map((name) => `${path} uses ${name}: protocol is pure; time, randomness and output are arguments`),
  ];
}

function ofReach({ from, to, because }: (typeof NEVER_REACHES)[number], graph: Graph): string[] {
  return [...graph.keys()]
    .filter((path) => zoneOf(path) === from)
    .flatMap((path) => {
      const way = shortestWay(path, graph, (target) => to.includes(zoneOf(target) as Zone));
      return way ? [`${way.join(' → ')}: ${from} never reaches ${zoneOf(way.at(-1) as string)}; ${because}`] : [];
    });
}

function ofPortable(graph: Graph): string[] {
  const usesNode = (path: string) => graph.get(path)?.packages.some((name) => name.startsWith('node:')) ?? false;
  return [...graph.keys()]
    .filter((path) => PORTABLE.includes(zoneOf(path) as Zone) && path !== NODE_CIPHER)
    .flatMap((path) => {
      const way = usesNode(path) ? [path] : shortestWay(path, graph, usesNode);
      return way ? [`${way.join(' → ')}: uses a node: module, but ${path} must run in a browser`] : [];
    });
}

/** Breadth first, so that the failure shows the shortest chain. */
function shortestWay(start: string, graph: Graph, isGoal: (path: string) => boolean): string[] | null {
  const cameFrom = new Map<string, string | null>([[start, null]]);
  for (const path of cameFrom.keys()) {
    for (const target of graph.get(path)?.files ?? []) {
      if (cameFrom.has(target) || !graph.has(target)) continue;
      cameFrom.set(target, path);
      if (!isGoal(target)) continue;
      const way: string[] = [];
      for (let at: string | null | undefined = target; at; at = cameFrom.get(at)) way.unshift(at);
      return way;
    }
  }
  return null;
}

/** Depth first; a file met again while it is still open closes a cycle. */
function ofCycles(graph: Graph): string[] {
  const done = new Set<string>();
  const open: string[] = [];
  const found: string[] = [];
  function enter(path: string): void {
    if (done.has(path) || !graph.has(path)) return;
    const at = open.indexOf(path);
    if (at >= 0) {
      found.push(`${[...open.slice(at), path].join(' → ')}: a cycle; which of them can be read first?`);
      return;
    }
    open.push(path);
    for (const target of graph.get(path)?.files ?? []) enter(target);
    open.pop();
    done.add(path);
  }
  for (const path of graph.keys()) enter(path);
  return found;
}

function zoneOf(path: string): Zone | null {
  return ZONES.find(([, pattern]) => pattern.test(path))?.[0] ?? null;
}
