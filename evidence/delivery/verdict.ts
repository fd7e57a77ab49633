// A judge of this topic lists what is wrong; nothing wrong is a pass.
import type { Judgement, Said } from '../proof.ts';

const SHOWN = 4;

/** @param sound what was seen if nothing is wrong */
export function verdict(wrong: readonly string[], sound: Said): Judgement {
  if (wrong.length === 0) return { result: 'pass', seen: sound };
  const shown = wrong.slice(0, SHOWN).join('; ');
  const others = wrong.length - SHOWN;
  return {
    result: 'fail',
    seen: {
      ja: `合わないもの ${wrong.length} 件: ${shown}${others > 0 ? ` ほか ${others} 件` : ''}`,
      en: `${wrong.length} wrong: ${shown}${others > 0 ? ` and ${others} more` : ''}`,
    },
  };
}
