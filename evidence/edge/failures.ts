// E1, the caps that strike fast: five wrong codes, and the right one is refused, also when the gateway is another process by
// then. That 100 lock for good takes hours of back-off; tests with a clock of their own show it (b5-one-time-codes).
import { join } from 'node:path';
import { LoadUser } from '#bench/load/load-user.ts';
import { FAILURES_BEFORE_BACK_OFF } from '#gateway/sign-in/attempts.ts';
import type { Code } from '#protocol/codes.ts';
import { endOf } from '#web/core/ends.ts';
import { signInWithTotp } from '#web/core/gateway-api.ts';
import type { Judgement, Proof, Run } from '../proof.ts';
import { unless, verdict } from './bounds.ts';
import { type Edge, edgeStage } from './stage.ts';

/** One of a million; who hits it at the first try has bad luck with this proof. */
const WRONG = '000000';

export interface Failures {
  /** The answers to wrong codes, one after the other. */
  wrong: Code[];
  /** To the right code of a user who has failed that often; of one who has not. */
  right: Code | 'in';
  ofAnother: Code | 'in';
  /** After the gateway was killed and started anew. */
  rightAfterRestart: Code | 'in';
}

export const failures: Proof<Failures> = {
  name: 'e1-back-off',
  requirements: ['E1'],
  claim: {
    ja: '続けて間違えると正しいコードでも受け付けず、再起動しても変わらない',
    en: 'After failures in a row even the right code is refused, and a restart does not help',
  },
  tried: {
    ja: `ある利用者が ${FAILURES_BEFORE_BACK_OFF} 回間違えたあとで正しいコードを送り、ゲートウェイを強制終了して起動し直してからもう一度送りました。別の利用者は間違えずに送りました。`,
    en: `A user sent ${FAILURES_BEFORE_BACK_OFF} wrong codes, then the right one, and again after the gateway had been killed and started anew; another user sent the right one at once.`,
  },
  needs: [],
  collect,
  judge: judgeFailures,
};

async function collect(run: Run): Promise<Failures> {
  const edge = await run.stage(edgeStage);
  const wrong: Code[] = [];
  const clumsy = userOf(edge, 3);
  for (let i = 0; i < FAILURES_BEFORE_BACK_OFF; i++) {
    const answer = await answerOf(signInWithTotp(clumsy.around.request, WRONG));
    if (answer !== 'in') wrong.push(answer);
  }
  const right = await answerOf(clumsy.signIn());
  clumsy.close();
  const other = userOf(edge, 0);
  const ofAnother = await answerOf(other.signIn());
  other.close();
  run.progress(0.5, 'the gateway is killed');
  const { system } = edge.bench;
  const { gateway } = system.processes;
  gateway.kill();
  await gateway.exited;
  await system.restart('gateway');
  const again = userOf(edge, 3);
  const rightAfterRestart = await answerOf(again.signIn());
  again.close();
  return { wrong, right, ofAnother, rightAfterRestart };
}

function userOf({ bench, hostile }: Edge, which: number): LoadUser {
  const folder = join(bench.credentials, hostile[which]?.user ?? '');
  return new LoadUser(new URL(bench.system.gateway), folder, { localAddress: `127.9.2.${which + 1}` });
}

async function answerOf(trying: Promise<unknown>): Promise<Code | 'in'> {
  try {
    await trying;
    return 'in';
  } catch (error) {
    return endOf(error).code;
  }
}

export function judgeFailures({ wrong, right, ofAnother, rightAfterRestart }: Failures): Judgement {
  const complaints = [
    unless(
      wrong.length === FAILURES_BEFORE_BACK_OFF && wrong.every((code) => code === 'SIGN_IN_REFUSED'),
      `間違ったコードへの答えが ${wrong.join(', ')}`,
      `wrong codes were answered ${wrong.join(', ')}`,
    ),
    unless(
      right === 'SIGN_IN_LATER',
      `続けて間違えたあとの正しいコードへの答えが ${right}`,
      `after them the right code was answered ${right}`,
    ),
    unless(
      rightAfterRestart === 'SIGN_IN_LATER',
      `再起動のあとの正しいコードへの答えが ${rightAfterRestart}`,
      `after the restart the right code was answered ${rightAfterRestart}`,
    ),
    // The positive control: a right code is taken.
    unless(ofAnother === 'in', `別の利用者も入れません (${ofAnother})`, `another user did not get in (${ofAnother})`),
  ];
  return verdict(complaints, {
    ja: `${wrong.length} 回の間違いのあと、正しいコードも ${right}、再起動後も ${rightAfterRestart}。別の利用者は入れました。`,
    en: `after ${wrong.length} wrong codes the right one got ${right}, and ${rightAfterRestart} after the restart; another user got in.`,
  });
}
