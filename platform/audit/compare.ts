// The sessions of gateway, broker and agent, side by side: one that a zone's log does not have was hidden there (T15). Each
// zone writes that a session was opened before the next zone can hear of it, so whoever saw it work proves that the others
// knew of it.
import { agentOfDesktop, DESKTOP } from '#protocol/names.ts';
import type { EventName } from './events.ts';
import type { Line } from './line.ts';

export type Zone = 'gateway' | 'broker' | 'agent';
export const ZONES: readonly Zone[] = ['gateway', 'broker', 'agent'];

/** What says that a zone knew of a session, that it worked there, and that it was over. */
const EVENTS_OF: Readonly<Record<Zone, { knew: readonly EventName[]; worked: EventName; ended: EventName }>> = {
  gateway: { knew: ['desktop-opened', 'relay-started'], worked: 'relay-started', ended: 'relay-ended' },
  broker: { knew: ['session-paired'], worked: 'session-paired', ended: 'session-ended' },
  agent: { knew: ['offer-accepted', 'session-started'], worked: 'session-started', ended: 'session-ended' },
};

/** Whose session it is must be the same in every log that says it. */
const WHOSE = ['municipality', 'user', 'desktop'] as const;

/** The ends differ by a lease at most (30 s) and what the way takes. */
const ENDS_APART_MS = 60_000;

export interface Seen {
  /** The first event that shows the zone knew of it, ms since 1970. */
  knew: number | null;
  worked: number | null;
  ended: number | null;
  whose: Partial<Record<(typeof WHOSE)[number], string>>;
}

/** One log as far as sessions go. */
export class SessionLog {
  readonly zone: Zone;
  readonly sessions = new Map<string, Seen>();
  source = '';
  /** ms since 1970 */
  first = Number.POSITIVE_INFINITY;
  last = Number.NEGATIVE_INFINITY;

  constructor(zone: Zone) {
    this.zone = zone;
  }

  add({ source, time, event, fields }: Line): void {
    const at = Date.parse(time);
    this.source ||= source;
    this.first = Math.min(this.first, at);
    this.last = Math.max(this.last, at);
    const { session } = fields;
    const { knew, worked, ended } = EVENTS_OF[this.zone];
    const names = [...knew, worked, ended] as readonly string[];
    if (typeof session !== 'string' || !names.includes(event)) return;
    const seen = this.sessions.get(session) ?? { knew: null, worked: null, ended: null, whose: {} };
    this.sessions.set(session, seen);
    if ((knew as readonly string[]).includes(event)) seen.knew ??= at;
    if (event === worked) seen.worked ??= at;
    if (event === ended) seen.ended = at;
    for (const name of WHOSE) {
      const value = fields[name];
      if (typeof value === 'string') seen.whose[name] ??= value;
    }
  }
}

export interface Finding {
  /**
   * hidden: `in` saw it work, `missing` does not know it · differs: they say another user or desktop ·
   * outlived: one says that it ended, another that it went on · undecided: `missing` may not reach that far
   */
  readonly kind: 'hidden' | 'differs' | 'outlived' | 'undecided';
  readonly session: string;
  readonly in: readonly Zone[];
  readonly missing: readonly Zone[];
  /** ISO times, by the clock of the first zone in `in`. */
  readonly from: string;
  readonly to: string | null;
  readonly whose: Seen['whose'];
}

/**
 * @param skewMs how far the clocks may be apart
 * @returns what does not fit, in the order of time
 */
export function compareLogs(logs: readonly SessionLog[], skewMs: number): Finding[] {
  const ids = new Set(logs.flatMap(({ sessions }) => [...sessions.keys()]));
  return [...ids]
    .flatMap((session) => compareSession(session, logs, skewMs))
    .sort((one, other) => one.from.localeCompare(other.from));
}

function compareSession(session: string, logs: readonly SessionLog[], skewMs: number): Finding[] {
  const having = logs.flatMap((log) => {
    const seen = log.sessions.get(session);
    return seen ? [{ zone: log.zone, seen }] : [];
  });
  const worked = having.filter(({ seen }) => seen.worked !== null);
  const [witness] = worked;
  if (!witness || witness.seen.worked === null) return [];
  const at = witness.seen.worked;
  const whose = Object.assign({}, ...having.map(({ seen }) => seen.whose));
  const found = (kind: Finding['kind'], zones: readonly Zone[], missing: readonly Zone[]): Finding => ({
    ...{ kind, session, in: zones, missing, whose },
    ...{ from: iso(at), to: witness.seen.ended === null ? null : iso(witness.seen.ended) },
  });

  const findings: Finding[] = [];
  const unknowing = ZONES.filter((zone) => !having.some((one) => one.zone === zone && one.seen.knew !== null));
  for (const kind of ['hidden', 'undecided'] as const) {
    const missing = unknowing.filter((zone) => absence(zone, logs, whose.desktop, at, skewMs) === kind);
    if (missing.length > 0) {
      const zones = worked.map(({ zone }) => zone);
      findings.push(found(kind, zones, missing));
    }
  }
  const all = having.map(({ zone }) => zone);
  if (WHOSE.some((name) => new Set(having.flatMap(({ seen }) => seen.whose[name] ?? [])).size > 1)) {
    findings.push(found('differs', all, []));
  }
  const ends = having.flatMap(({ seen }) => seen.ended ?? []);
  if (Math.max(...ends) - Math.min(...ends) > skewMs + ENDS_APART_MS) findings.push(found('outlived', all, []));
  return findings;
}

/** What it means that a zone does not know a session which worked at that time. */
function absence(
  zone: Zone,
  logs: readonly SessionLog[],
  desktop: string | undefined,
  at: number,
  skewMs: number,
): 'hidden' | 'undecided' | 'not given' {
  // Another agent's log says nothing about this desktop.
  const source = desktop && DESKTOP.test(desktop) ? agentSource(desktop) : null;
  const own = logs.filter((log) => log.zone === zone && (zone !== 'agent' || log.source === source));
  if (own.length === 0) return 'not given';
  return own.some(({ first, last }) => first + skewMs <= at && at <= last - skewMs) ? 'hidden' : 'undecided';
}

function agentSource(desktop: string): string {
  const { municipality, agent } = agentOfDesktop(desktop);
  return `agent/${municipality}/${agent}`;
}

const iso = (ms: number): string => new Date(ms).toISOString();
