// What a scan of a wall has to show, in terms that judges share.
import type { Said } from '../proof.ts';
import { type Answer, unasked } from './sweep.ts';
import { some } from './verdict.ts';
import type { Attacked } from './wall.ts';

export const told = (answers: readonly Answer[]): string[] => answers.map(({ from, what }) => `${from} ${what}`);

const isDoor = ({ from, what }: Answer, doors: readonly string[]): boolean =>
  doors.some((door) => `${from} ${what} `.startsWith(`${door} `));

/** What answered beside the doors. */
export const beyond = ({ swept }: Attacked, doors: readonly string[]): Answer[] =>
  swept.answers.filter((answer) => !isDoor(answer, doors));

/** What answered with a TCP connection: SYN and ACK. */
export const connects = ({ swept }: Attacked, door: string): boolean =>
  swept.answers.some(({ from, what }) => `${from} ${what}` === `${door} SA`);

/** The scan was one: each address was asked in each way, and the captures hold all that passed. */
export function flawsOf(attacked: Attacked): (Said | false)[] {
  const silent = unasked(attacked.swept);
  return [
    silent.length > 0 && {
      ja: `走査が届いていないアドレスがあります: ${some(silent)}`,
      en: `addresses that were not asked in every way: ${some(silent)}`,
    },
    Object.keys(attacked.swept.probes).length === 0 && { ja: '走査の対象がありません', en: 'nothing was scanned' },
    attacked.missed > 0 && {
      ja: `記録から漏れたパケットがあります: ${attacked.missed}`,
      en: `the captures missed ${attacked.missed} packets`,
    },
  ];
}

/** Nobody inside answered, and nothing came to the hosts of LGWAN. */
export function noisesOf(attacked: Attacked, doors: readonly string[]): (Said | false)[] {
  const answers = beyond(attacked, doors);
  return [
    answers.length > 0 && {
      ja: `内側から応答がありました: ${some(told(answers))}`,
      en: `answers came from inside: ${some(told(answers))}`,
    },
    attacked.arrived.length > 0 && {
      ja: `LGWAN の機器にパケットが届きました: ${some(attacked.arrived)}`,
      en: `packets arrived at hosts of LGWAN: ${some(attacked.arrived)}`,
    },
  ];
}

export const probesOf = ({ swept }: Attacked): number =>
  Object.values(swept.probes).reduce((sum, { icmp, tcp, udp, other }) => sum + icmp + tcp + udp + other, 0);
