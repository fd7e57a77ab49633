// How what a hostile relay achieved is judged: nothing read, every attempt ended as it must, each of them on record.
import type { Judgement } from '../proof.ts';
import { type Attempted, wrongWith } from './attempt.ts';
import type { ReadByRelay } from './reading.ts';

/** A grant or proof that was shown to the agent without any client behind it. */
export interface Offered {
  readonly name: string;
  /** The reason that the agent must write down. */
  readonly wanted: string;
  /** The one that it wrote down for this session; null if nothing came. */
  readonly audited: string | null;
}

export interface Siege {
  readonly read: Omit<ReadByRelay, 'inward'>;
  readonly attempts: readonly Attempted[];
  readonly offers: readonly Offered[];
}

/** A relay that holds keys back for so long shows in what the client tells its user. */
const SHOWN_DELAY_MS = 1_000;
const HELD_BACK = 'keys held back';

export function judgeAttempts(
  { read, attempts, offers }: Siege,
  tried: { attempts: number; offers: number },
): Judgement {
  const fail = (ja: string, en: string): Judgement => ({ result: 'fail', seen: { ja, en } });
  if (!read.controlFound || read.secrets === 0)
    return fail('傍受の試験が成り立たない。', 'The search in what passed saw nothing.');
  if (read.found > 0) return fail(`傍受で秘密が ${read.found} 件読めた。`, `${read.found} secrets could be read.`);
  if (attempts.length < tried.attempts || offers.length < tried.offers)
    return fail('試していない攻撃がある。', 'Not everything was tried.');
  for (const one of attempts) {
    const wrong = wrongWith(one);
    if (wrong) return { result: 'fail', seen: wrong };
  }
  const held = attempts.find(({ name }) => name === HELD_BACK);
  if (held && (held.roundTripMs ?? 0) < SHOWN_DELAY_MS) {
    return fail('遅延が利用者に見えない。', `A delay does not show: ${held.roundTripMs} ms.`);
  }
  for (const { name, wanted, audited } of offers) {
    if (audited !== wanted)
      return fail(`${name}: 監査ログは ${audited ?? '記録なし'}`, `${name}: the agent wrote ${audited ?? 'nothing'}.`);
  }
  return {
    result: 'pass',
    seen: {
      ja: `通過した ${read.records} レコードから ${read.secrets} 個の秘密は 1 件も読めなかった。${attempts.length + offers.length} 通りの攻撃はすべて拒まれるか利用者に示され、監査ログに残った。`,
      en: `Of ${read.secrets} secrets none could be read in ${read.records} records. All ${attempts.length + offers.length} attempts were refused, or shown to the user, and audited.`,
    },
  };
}
