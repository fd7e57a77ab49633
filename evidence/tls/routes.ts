// Every route of both listeners, as the code's own tables have them, asked in every wrong state: with the cookie of a live
// sign-in and no certificate, a revoked one, one of another kind, another user's; and with the right certificate alone.
import type { ActionParts } from '#gateway/administration/actions.ts';
import { actions } from '#gateway/administration/actions.ts';
import { type AdministrationRouteParts, administrationRoutes } from '#gateway/administration/routes.ts';
import { type RouteParts, routes } from '#gateway/doors/routes.ts';
import type { Proof } from '../proof.ts';
import { type Certified, certificatesOf } from './cases.ts';
import { type Ground, tlsGround } from './ground.ts';
import { type ListenerName, portOf } from './listeners.ts';
import { type Answered, type Asked, show, upgradeTo } from './show.ts';
import { another, type SignedIn, signInAdministrator, signInUser } from './sign-ins.ts';

export interface RouteRow {
  readonly method: string;
  readonly path: string;
  readonly needs: 'certificate' | 'session';
}

export const STATES = ['cookie alone', 'revoked', 'other kind', 'other user', 'certificate alone'] as const;
type State = (typeof STATES)[number];

export interface RouteTry {
  readonly listener: 'users' | 'administration';
  readonly route: string;
  readonly needs: RouteRow['needs'];
  readonly state: State;
  readonly status: number | null;
  readonly code: string | null;
}

export interface RouteObservations {
  readonly tries: readonly RouteTry[];
  /** What the tables of the code hold, as "METHOD /path". */
  readonly tables: Readonly<Record<RouteTry['listener'], readonly string[]>>;
  /** The cookie with its own certificate, before and after all of it; the upgrade with both. */
  readonly controls: readonly { readonly what: string; readonly status: number | null }[];
  /** Paths that no table has, with certificate and cookie. */
  readonly unlisted: readonly { readonly path: string; readonly status: number | null }[];
  /** Routes of the users' table, asked at the listener that asks nobody for a certificate. */
  readonly atEnrolment: readonly { readonly path: string; readonly status: number | null }[];
}

/** The tables as they stand in the code; their parts are not needed to read them. */
const TABLES: Readonly<Record<RouteTry['listener'], readonly RouteRow[]>> = {
  users: routes({} as RouteParts),
  administration: administrationRoutes({
    actions: actions({ authenticators: {}, ofAdministrators: {}, enrolment: {} } as ActionParts),
  } as AdministrationRouteParts),
};

const UNLISTED = [
  '/',
  '/admin',
  '/metrics',
  '/relay/',
  '/api',
  '/api/session/',
  '/.env',
  '/link',
  '/data',
  '/enrolment',
];

export const routeInventory: Proof<RouteObservations> = {
  name: 'tls-routes',
  requirements: ['B1', 'C6', 'D9'],
  claim: {
    ja: 'どの経路も、本人の証明書とサインインの両方がなければ開かない。表にない経路はない',
    en: 'No route opens without both the certificate and the sign-in of the same user, and there is no route outside the tables',
  },
  tried: {
    ja: 'コードの経路表から全経路を取り出し、五つの誤った状態で実際に要求した(WebSocket を含む)',
    en: 'took every route from the code’s own tables and asked each in five wrong states, WebSocket upgrades included',
  },
  needs: [],
  async collect(run) {
    const ground = await run.stage(tlsGround);
    const signedIn = { users: await signInUser(ground), administration: await signInAdministrator(ground) };
    const listeners = Object.keys(TABLES) as RouteTry['listener'][];
    const before = await controlsOf(ground, signedIn, 'before');
    const tries = await Promise.all(listeners.map((listener) => tryRoutes(ground, listener, signedIn[listener])));
    return {
      tries: tries.flat(),
      tables: { users: TABLES.users.map(nameOf), administration: TABLES.administration.map(nameOf) },
      controls: [...before, ...(await controlsOf(ground, signedIn, 'after'))],
      unlisted: await askAll(ground, 'users', UNLISTED, signedIn.users),
      atEnrolment: await askAll(ground, 'enrolment', readablePaths(), signedIn.users),
    };
  },
  judge: judgeRoutes,
};

const nameOf = ({ method, path }: RouteRow) => `${method} ${path}`;
const readablePaths = () => TABLES.users.filter(({ method }) => method === 'GET').map(({ path }) => path);

async function tryRoutes(
  ground: Ground,
  listener: RouteTry['listener'],
  { certificate, cookie }: SignedIn,
): Promise<RouteTry[]> {
  const kind = listener === 'users' ? 'user' : 'admin';
  const { revoked, otherKind } = certificatesOf(ground, kind, 'client');
  const states: Record<State, { certificate: Certified | null; cookie: string | null }> = {
    'cookie alone': { certificate: null, cookie },
    revoked: { certificate: revoked, cookie },
    'other kind': { certificate: otherKind, cookie },
    'other user': { certificate: another(ground, kind), cookie },
    'certificate alone': { certificate, cookie: null },
  };
  const tries: RouteTry[] = [];
  for (const [index, state] of STATES.entries()) {
    // An address for each state, as five people would have: one alone may not connect so often.
    const from = `127.8.0.${index + 1}`;
    for (const route of TABLES[listener]) {
      const { status, code } = await ask(ground, listener, route, { ...states[state], from });
      tries.push({ listener, route: nameOf(route), needs: route.needs, state, status, code });
    }
  }
  return tries;
}

function ask(
  ground: Ground,
  listener: ListenerName,
  { method, path }: Pick<RouteRow, 'method' | 'path'>,
  { certificate, cookie, from }: { certificate: Certified | null; cookie: string | null; from?: string },
): Promise<Answered> {
  const port = portOf(ground, listener);
  const headers = { origin: `https://localhost:${port}`, ...(cookie ? { cookie } : {}) };
  const asked: Asked =
    method === 'UPGRADE'
      ? upgradeTo(path, headers)
      : { method, path, headers, ...(method === 'POST' ? { body: {} } : {}) };
  return show(port, certificate ?? {}, asked, from);
}

async function controlsOf(ground: Ground, signedIn: Record<RouteTry['listener'], SignedIn>, when: string) {
  const session = { method: 'GET', path: '/api/session' };
  const relay = { method: 'UPGRADE', path: '/relay' };
  const rows: { what: string; listener: ListenerName; route: typeof session; by: SignedIn }[] = [
    { what: `users: session ${when}`, listener: 'users', route: session, by: signedIn.users },
    { what: `users: relay ${when}`, listener: 'users', route: relay, by: signedIn.users },
    {
      what: `administration: session ${when}`,
      listener: 'administration',
      route: session,
      by: signedIn.administration,
    },
  ];
  const answers = await Promise.all(rows.map(({ listener, route, by }) => ask(ground, listener, route, by)));
  return rows.map(({ what }, i) => ({ what, status: answers[i]?.status ?? null }));
}

async function askAll(ground: Ground, listener: ListenerName, paths: readonly string[], by: SignedIn) {
  const answers: { path: string; status: number | null }[] = [];
  for (const path of paths) {
    const { status } = await ask(ground, listener, { method: 'GET', path }, by);
    answers.push({ path, status });
  }
  return answers;
}

/** The way to sign in, and whether the gateway is well. All else needs a sign-in. */
export const NEED_A_CERTIFICATE_ONLY: ReadonlySet<string> = new Set([
  ...['GET /healthz', 'GET /api/sign-in', 'POST /api/sign-in/totp', 'POST /api/sign-in/recovery'],
  ...['POST /api/sign-in/webauthn/options', 'POST /api/sign-in/webauthn'],
]);

/** What the gate says to a state, or null where only a route that needs a session must refuse. */
const GATE: Readonly<Record<State, string | null>> = {
  'cookie alone': 'CERTIFICATE_REQUIRED',
  revoked: 'CERTIFICATE_REFUSED',
  'other kind': 'CERTIFICATE_REFUSED',
  'other user': null,
  'certificate alone': null,
};

export function judgeRoutes(seen: RouteObservations): ReturnType<Proof<unknown>['judge']> {
  const wrong: string[] = [];
  for (const listener of ['users', 'administration'] as const) {
    if (seen.tables[listener].length < 10) wrong.push(`${listener}: a table of ${seen.tables[listener].length} routes`);
    for (const route of seen.tables[listener]) {
      for (const state of STATES) {
        const one = seen.tries.find(
          (each) => each.listener === listener && each.route === route && each.state === state,
        );
        if (!one) wrong.push(`${listener}, ${route}, ${state}: not tried`);
        else if (!isRefused(one)) wrong.push(`${listener}, ${route}, ${state}: ${one.status} ${one.code ?? ''}`);
      }
    }
  }
  for (const when of ['before', 'after']) {
    for (const [what, status] of [
      ['users: session', 200],
      ['users: relay', 101],
      ['administration: session', 200],
    ] as const) {
      const one = seen.controls.find((each) => each.what === `${what} ${when}`);
      if (one?.status !== status) wrong.push(`control "${what} ${when}": ${one?.status ?? 'not tried'}`);
    }
  }
  for (const { path, status } of seen.unlisted) if (status !== 404) wrong.push(`${path}, in no table: ${status}`);
  for (const { path, status } of seen.atEnrolment) {
    if (status !== 404) wrong.push(`${path} at the enrolment listener: ${status}`);
  }
  if (seen.unlisted.length === 0 || seen.atEnrolment.length === 0) wrong.push('paths outside the tables: not tried');
  const [first] = wrong;
  if (first !== undefined) {
    return {
      result: 'fail',
      seen: { ja: `問題 ${wrong.length} 件: ${first}`, en: `${wrong.length} faults: ${first}` },
    };
  }
  const count = seen.tables.users.length + seen.tables.administration.length;
  return {
    result: 'pass',
    seen: {
      ja: `${count} 経路 × ${STATES.length} 状態の要求をすべて拒否。同じ Cookie は本人の証明書では最後まで有効だった`,
      en: `${count} routes × ${STATES.length} states: all refused; the same cookie worked with its own certificate before and after`,
    },
  };
}

function isRefused({ route, state, needs, status, code }: RouteTry): boolean {
  const gate = GATE[state];
  if (gate !== null) return status === 403 && code === gate;
  if (needs === 'certificate') return NEED_A_CERTIFICATE_ONLY.has(route) && status !== null && status < 500;
  return status === 401 && code === 'SESSION_REQUIRED';
}
