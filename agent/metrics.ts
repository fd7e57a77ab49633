// What only the agent can tell: how the sessions' windows stand, what of the screens never had to be sent, and what
// encoding costs. Sessions have no names here: sums over them, and the middle and the worst.
import type { Metrics } from '#platform/metrics/metrics.ts';
import type { EncodeCounts } from './screen/encoders.ts';
import type { SessionMeasures } from './session.ts';

/** Counts of all sessions of this agent, those that have ended included: a total never falls. */
export class ScreenTotals {
  #updates = 0;
  #staleTiles = 0;

  /** A session has ended, with these counts. */
  readonly ended = ({ updates, staleTiles }: Pick<SessionMeasures, 'updates' | 'staleTiles'>): void => {
    this.#updates += updates;
    this.#staleTiles += staleTiles;
  };

  with(live: readonly Pick<SessionMeasures, 'updates' | 'staleTiles'>[]): { updates: number; staleTiles: number } {
    return {
      updates: this.#updates + sum(live, ({ updates }) => updates),
      staleTiles: this.#staleTiles + sum(live, ({ staleTiles }) => staleTiles),
    };
  }
}

export interface Measured {
  /** The agent's own; all of its sessions are of it. */
  municipality: string;
  sessions: {
    measure(): readonly SessionMeasures[];
    /** Running or on the way there. */
    list(): readonly unknown[];
    readonly encoded: EncodeCounts;
  };
  totals: ScreenTotals;
  brokerUp(): boolean;
}

export function exposeAgent(metrics: Metrics, { municipality, sessions, totals, brokerUp }: Measured): void {
  const one = (value: number) => [{ municipality, value }];
  const both = (values: number[]) => [
    { municipality, of: 'median', value: median(values) / 1_000 },
    { municipality, of: 'worst', value: Math.max(0, ...values) / 1_000 },
  ];
  const live = () => sessions.measure();

  metrics.gauge('telework_control_links', () => [{ peer: 'broker', value: brokerUp() ? 1 : 0 }]);
  metrics.gauge('telework_sessions_opening', () => sessions.list().length - live().length);
  metrics.gauge('telework_sessions_live', () => one(live().length));
  metrics.gauge('telework_window_bytes', () => one(sum(live(), ({ windowBytes }) => windowBytes)));
  metrics.gauge('telework_in_flight_bytes', () => one(sum(live(), ({ inFlightBytes }) => inFlightBytes)));
  metrics.gauge('telework_send_rate_bytes_per_second', () =>
    one(sum(live(), ({ rateBytesPerSecond }) => rateBytesPerSecond)),
  );
  metrics.gauge('telework_round_trip_seconds', () => both(live().map(({ roundTripMs }) => roundTripMs)));
  metrics.gauge('telework_round_trip_shortest_seconds', () => both(live().map(({ minRoundTripMs }) => minRoundTripMs)));
  metrics.counter('telework_screen_updates_total', () => one(totals.with(live()).updates));
  metrics.counter('telework_stale_tiles_total', () => one(totals.with(live()).staleTiles));
  metrics.counter('telework_encoded_tiles_total', () => one(sessions.encoded.tiles));
  metrics.counter('telework_encoded_bytes_total', () => one(sessions.encoded.bytes));
  metrics.counter('telework_encode_seconds_total', () => one(sessions.encoded.busyMs / 1_000));
}

function sum<T>(of: readonly T[], value: (one: T) => number): number {
  return of.reduce((total, one) => total + value(one), 0);
}

/** 0 of none. */
function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
