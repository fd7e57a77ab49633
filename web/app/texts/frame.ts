// Texts of the frame around every page.
import type { Bilingual } from '../language.ts';

export const FRAME = {
  skip: { ja: '本文へ移動', en: 'Skip to the content' },
  menu: { ja: 'メニュー', en: 'Menu' },
  licences: { ja: '使用しているソフトウェアのライセンス', en: 'Licences of the software in use' },
} as const satisfies Record<string, Bilingual>;
