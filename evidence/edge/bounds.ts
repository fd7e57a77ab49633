// What "keeps working" and "stays bounded" mean here, in figures, for every judge of this topic.
import type { Said } from '../proof.ts';
import type { Keys, Memory } from './watched.ts';

/** An idle system's own p95, three times, and this on top: floods and people run on the same two cores as what they flood. */
const LATER_MAX_MS = 200;
const TIMES_IDLE = 3;
const ANSWERED_MIN = 0.9;
/** A thousand connections of strangers, and the garbage of a busy process. */
export const MEMORY_MAX_MIB = 128;

export const GATEWAY: Said = { ja: 'ゲートウェイ', en: 'gateway' };
export const BROKER: Said = { ja: '中継', en: 'broker' };
export const AGENT: Said = { ja: '庁内側', en: 'agent' };

/** What is wrong, or null. */
export type Complaint = Said | null;

/** The witnesses' keys were answered all along, and in time; and they were pressed. */
export function keysHeld(what: Said, idle: Keys, during: Keys, laterMaxMs = LATER_MAX_MS): Complaint {
  if (idle.answered === 0 || idle.p95Ms === null) {
    return { ja: '静かな間のキーが測れていません', en: 'no key was measured while nothing happened' };
  }
  const boundMs = laterMaxMs + TIMES_IDLE * idle.p95Ms;
  if (during.pressed > 0 && during.answered >= ANSWERED_MIN * during.pressed && (during.p95Ms ?? Infinity) <= boundMs) {
    return null;
  }
  return {
    ja: `${what.ja}: キー ${during.pressed} 回のうち応答 ${during.answered} 回、p95 ${during.p95Ms} ms (上限 ${boundMs.toFixed(0)} ms)`,
    en: `${what.en}: ${during.answered} of ${during.pressed} keys answered, p95 ${during.p95Ms} ms (bound ${boundMs.toFixed(0)} ms)`,
  };
}

export function memoryHeld(what: Said, { beforeMiB, mostMiB }: Memory): Complaint {
  if (beforeMiB > 0 && mostMiB - beforeMiB <= MEMORY_MAX_MIB) return null;
  return {
    ja: `${what.ja}: メモリーが ${beforeMiB} MiB から ${mostMiB} MiB に増えました`,
    en: `${what.en}: memory went from ${beforeMiB} to ${mostMiB} MiB`,
  };
}

export function unless(holds: boolean, ja: string, en: string): Complaint {
  return holds ? null : { ja, en };
}

/** Fails with every complaint, or passes with what was seen. */
export function verdict(complaints: readonly Complaint[], seen: Said) {
  const wrong = complaints.filter((one) => one !== null);
  if (wrong.length === 0) return { result: 'pass', seen } as const;
  const told = { ja: wrong.map(({ ja }) => ja).join('。'), en: wrong.map(({ en }) => en).join('; ') };
  return { result: 'fail', seen: told } as const;
}

export const ms = (value: number | null): string => (value === null ? '–' : `${value.toFixed(0)} ms`);
