// How the connection is: a badge in the toolbar, and a panel that says more. Numbers only this end has measured.
import { element } from '../element.ts';
import type { Say } from '../frame.ts';
import type { Bilingual } from '../language.ts';
import { QUALITY } from './texts.ts';

/** Above these a person notices, and is held up. */
const FAIR_FROM_MS = 150;
const POOR_FROM_MS = 400;
const SAMPLES = 5;

export interface Measured {
  roundTripMs: number | null;
  inputToPixelMs: number | null;
  /** Since the session began. */
  receivedBytes: number;
}

export class Quality {
  /** Stands in a button. */
  readonly badge = element('span', { class: 'desktop-quality' });
  readonly panel: HTMLElement;
  readonly #say: Say;
  readonly #values = {
    roundTrip: element('dd'),
    inputToPixel: element('dd'),
    received: element('dd'),
  };
  #samples: { at: number; bytes: number }[] = [];

  constructor(say: Say, { suite, agent }: { suite: string; agent: string }) {
    this.#say = say;
    const row = (name: Bilingual, value: Node) => [element('dt', {}, say(name)), value];
    this.panel = element(
      'div',
      { class: 'stack' },
      element(
        'dl',
        { class: 'desktop-values' },
        ...row(QUALITY.roundTrip, this.#values.roundTrip),
        ...row(QUALITY.inputToPixel, this.#values.inputToPixel),
        ...row(QUALITY.received, this.#values.received),
        ...row(QUALITY.suite, element('dd', { class: 'identifier' }, suite)),
        ...row(QUALITY.agent, element('dd', { class: 'identifier' }, agent)),
      ),
      element('p', { class: 'soft' }, say(QUALITY.agentHint)),
      element('p', { class: 'soft' }, say(QUALITY.hint)),
    );
  }

  /** @param now ms; to be called about once a second */
  show(now: number, { roundTripMs, inputToPixelMs, receivedBytes }: Measured): void {
    this.#samples = [...this.#samples, { at: now, bytes: receivedBytes }].slice(-SAMPLES - 1);
    const rate = `${kilobitsPerSecond(this.#samples).toLocaleString()} kbit/s`;
    const grade = roundTripMs === null ? null : gradeOf(roundTripMs);
    this.#values.roundTrip.textContent = grade
      ? `${milliseconds(roundTripMs)} (${this.#say(QUALITY[grade])})`
      : this.#none;
    this.#values.inputToPixel.textContent = inputToPixelMs === null ? this.#none : milliseconds(inputToPixelMs);
    this.#values.received.textContent = rate;
    this.badge.dataset.grade = grade ?? 'unknown';
    this.badge.textContent = [roundTripMs === null ? '–' : milliseconds(roundTripMs), rate].join(' · ');
  }

  get #none(): string {
    return this.#say(QUALITY.notYet);
  }
}

const milliseconds = (ms: number | null) => `${Math.round(ms ?? 0)} ms`;

function gradeOf(ms: number): 'good' | 'fair' | 'poor' {
  if (ms >= POOR_FROM_MS) return 'poor';
  return ms >= FAIR_FROM_MS ? 'fair' : 'good';
}

/** Over the samples, oldest first. */
export function kilobitsPerSecond(samples: readonly { at: number; bytes: number }[]): number {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.at <= first.at) return 0;
  return Math.round(((last.bytes - first.bytes) * 8) / (last.at - first.at));
}
