// Texts of the list of desktops.
import type { Bilingual } from '../language.ts';

export const DESKTOPS = {
  title: { ja: 'デスクトップ', en: 'Desktops' },
  lastSignIn: { ja: '前回のサインイン：{time}', en: 'Last sign-in: {time}' },
  firstSignIn: { ja: 'はじめてのサインインです。', en: 'This is your first sign-in.' },
  wasThatYou: {
    ja: '心当たりがないときは、すぐに担当者へ連絡してください。',
    en: 'If that was not you, contact your administrator at once.',
  },
  none: {
    ja: '利用できるデスクトップがありません。担当者に確認してください。',
    en: 'There is no desktop that you may open. Please ask your administrator.',
  },
  online: { ja: '接続できます', en: 'Online' },
  offline: { ja: '接続できません', en: 'Offline' },
  open: { ja: '開く', en: 'Open' },
  pair: { ja: 'この端末を登録する', en: 'Pair this device' },
  limits: {
    ja: '操作がないまま {minutes} 分たつか、{time} になると、自動で終了します。',
    en: 'Everything ends by itself after {minutes} minutes without any input, or at {time}.',
  },
} as const satisfies Record<string, Bilingual>;
