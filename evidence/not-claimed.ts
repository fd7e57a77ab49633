// Requirements for which this version claims nothing. They stand in every report, so that nobody takes silence for a proof.
import type { Said } from './proof.ts';
import type { RequirementId } from './requirements.ts';

export const NOT_CLAIMED: readonly { readonly id: RequirementId; readonly why: Said }[] = [
  {
    id: 'F7',
    why: {
      ja: '切断後の自動再開はまだありません。切断すると画面をロックし、あらためて開きます。',
      en: 'There is no automatic resume yet: a lost session locks the desktop, and the user opens it anew.',
    },
  },
];
