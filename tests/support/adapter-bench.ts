// An RfbAdapter with everything around it in the test's hands: time, the session, the RFB objects.
import type { Refusal } from '#protocol/codes.ts';
import type { InputEvent } from '#protocol/inner/profile.ts';
import { RfbAdapter } from '#web/core/rfb-adapter.ts';
import { ManualClock } from './manual-clock.ts';
import { ScriptedNoVnc } from './scripted-novnc.ts';

export class AdapterBench {
  readonly clock = new ManualClock();
  readonly adapter: RfbAdapter;
  readonly inputs: { at: number; event: InputEvent }[] = [];
  readonly requests: { at: number; request: unknown }[] = [];
  readonly drawn: number[] = [];
  readonly failures: Refusal[] = [];
  stuckTimes = 0;
  roundTripMs: number | null = null;

  constructor() {
    const bench = this;
    const { clock } = this;
    this.adapter = new RfbAdapter({
      screen: { width: 100, height: 80 },
      session: () => ({
        input: (event) => void this.inputs.push({ at: clock.now(), event }),
        refresh: () => void this.requests.push({ at: clock.now(), request: 'refresh' }),
        resize: (width, height) => void this.requests.push({ at: clock.now(), request: { width, height } }),
        drawn: (updates) => void this.drawn.push(updates),
        get roundTripMs() {
          return bench.roundTripMs;
        },
      }),
      after: clock.after,
      now: clock.now,
      stuck: () => {
        this.stuckTimes++;
      },
      failed: (refusal) => void this.failures.push(refusal),
    });
  }

  get events(): InputEvent[] {
    return this.inputs.map(({ event }) => event);
  }

  /** A new RFB object, greeted. */
  show(): ScriptedNoVnc {
    const noVnc = new ScriptedNoVnc(this.adapter.attach());
    this.clock.pass(0);
    return noVnc;
  }
}
