// What a relay has passed on, by municipality, direction and lane. The path of a record costs two additions into arrays
// that its session got when it was paired.
import { Direction, Lane } from '#protocol/outer/lanes.ts';
import { Distribution } from './distribution.ts';
import type { Metrics } from './metrics.ts';

const DIRECTIONS = Object.entries(Direction);
const LANES = Object.entries(Lane);

/** Options of a pump. */
export interface PumpTally {
  /** @param bytes of the whole record */
  admitted(lane: Lane, bytes: number): void;
  /** @param ms from read to written */
  resided(ms: number): void;
}

/** One direction of one municipality's sessions, all together; indexed by lane. */
interface Passed {
  readonly bytes: Float64Array;
  readonly records: Float64Array;
  readonly tally: PumpTally;
}

export class RelayTally {
  readonly #residence = [new Distribution(), new Distribution()] as const;
  readonly #byMunicipality = new Map<string, readonly [inward: Passed, outward: Passed]>();

  /** @param municipality from a certificate or a grant: nobody can make up as many as fill the memory */
  of(municipality: string, direction: Direction): PumpTally {
    let both = this.#byMunicipality.get(municipality);
    if (!both) {
      const [inward, outward] = this.#residence;
      both = [nothingPassed(inward), nothingPassed(outward)];
      this.#byMunicipality.set(municipality, both);
    }
    return both[direction].tally;
  }

  expose(metrics: Metrics): void {
    metrics.counter('telework_relayed_bytes_total', () => this.#samples('bytes'));
    metrics.counter('telework_relayed_records_total', () => this.#samples('records'));
    metrics.histogram('telework_relay_residence_seconds', () =>
      DIRECTIONS.map(([direction, of]) => ({ direction, distribution: this.#residence[of] })),
    );
  }

  *#samples(what: 'bytes' | 'records') {
    for (const [municipality, both] of this.#byMunicipality) {
      for (const [direction, of] of DIRECTIONS) {
        for (const [lane, index] of LANES) {
          // A lane that does not exist in this direction, or was never used, is no sample.
          if (both[of].records[index]) yield { municipality, direction, lane, value: both[of][what][index] as number };
        }
      }
    }
  }
}

function nothingPassed(residence: Distribution): Passed {
  const bytes = new Float64Array(LANES.length + 1);
  const records = new Float64Array(LANES.length + 1);
  return {
    bytes,
    records,
    tally: {
      admitted(lane, length) {
        (bytes[lane] as number) += length;
        (records[lane] as number)++;
      },
      resided: (ms) => residence.observeMs(ms),
    },
  };
}
