// C1: what is shut does not stand in the way of work: a teleworker gets through, before and after the attacks.
import type { Judgement, Proof } from '../proof.ts';
import { deployedHosts, NEEDS_HOSTS } from './stage.ts';
import { verdict } from './verdict.ts';

export interface WorkSeen {
  readonly first: { readonly exitCode: number; readonly said: string };
  /** After whatever else was done to these hosts. */
  readonly again: { readonly exitCode: number; readonly said: string };
}

export const c1Work: Proof<WorkSeen> = {
  name: 'c1-work',
  requirements: ['C1'],
  claim: {
    ja: 'この経路・規則・権限のもとで利用者が作業でき、攻撃の後にもできる',
    en: 'By these routes, rules and powers a teleworker gets to work, and does so again after the attacks',
  },
  tried: {
    ja: 'インターネット側から証明書とワンタイムコードでサインインし、庁内のデスクトップを開いて文字を入力し、画面を受け取った',
    en: 'Signed in from the internet with certificate and one-time code, opened the desktop in LGWAN, typed, and waited for the pixels',
  },
  needs: NEEDS_HOSTS,
  async collect(run) {
    const { deployed, first } = await run.stage(deployedHosts);
    const again = await deployed.work({ pair: false, otpAge: 0 });
    const said = ({ code, stdout, stderr }: typeof first) => ({ exitCode: code, said: (stdout || stderr).trim() });
    return { first: said(first), again: said(again) };
  },
  judge({ first, again }): Judgement {
    return verdict(
      [
        first.exitCode !== 0 && { ja: `最初の作業: ${first.said}`, en: `the first time: ${first.said}` },
        again.exitCode !== 0 && { ja: `攻撃の後: ${again.said}`, en: `after the attacks: ${again.said}` },
      ],
      {
        ja: '攻撃の前も後も、入力した文字の画面が届いた',
        en: 'before and after, the pixels of what was typed arrived',
      },
    );
  },
};
