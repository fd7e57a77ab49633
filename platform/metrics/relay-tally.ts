// What a relay has passed on, by municipality, direction and lane. The path of a record costs two additions into arrays
// that its session got when it was paired.
import { Direction, Lane } from '#protocol/outer/lanes.ts';
import { Distribution } from './distribution.ts';
import type { Metrics } from './metrics.ts';

const DIRECTIONS = Object.entries(Direction);
const LANES = Object.entries(Lane);

/** One direction of one municipality's sessions, all together. */
export class LaneTally {
  readonly bytes = new Float64Array(LANES.length + 1);
  readonly records = new Float64Array(LANES.length + 1);

  /** @param bytes of the whole record */
  add(lane: Lane, bytes: number): void {
    (this.bytes[lane] as number) += bytes;
    (this.records[lane] as number)++;
  }
}

export class RelayTally {
  readonly #byMunicipality = new Map<string, readonly [inward: LaneTally, outward: LaneTally]>();
  readonly #residence = [new Distribution(), new Distribution()] as const;

  /** @param municipality from a certificate or a grant: nobody can make up as many as fill the memory */
  of(municipality: string, direction: Direction): LaneTally {
    let both = this.#byMunicipality.get(municipality);
    if (!both) {
      both = [new LaneTally(), new LaneTally()];
      this.#byMunicipality.set(municipality, both);
    }
    return both[direction];
  }

  residence(direction: Direction): Distribution {
    return this.#residence[direction];
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
