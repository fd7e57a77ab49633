// Everything that this topic looks at goes on side by side, from the moment that its systems are up; a proof waits for its part.
import type { Stage } from '../proof.ts';
import { type CertificateEnd, observeCertificateEnd } from './certificate-end.ts';
import type { Endings } from './ending.ts';
import { observeRollOver, type RollOver } from './grant-key.ts';
import { type Ground, layGround } from './ground.ts';
import { observeRights } from './rights-end.ts';
import { observeLostList, observeLostState, type SourceLost } from './source-lost.ts';
import { type Helped, observeHelp } from './withheld.ts';

export interface Observed {
  readonly ground: Ground;
  readonly rights: Promise<Endings>;
  readonly certificateEnd: Promise<CertificateEnd>;
  readonly help: Promise<Helped[]>;
  readonly rollOver: Promise<RollOver>;
  readonly lostState: Promise<SourceLost>;
  readonly lostList: Promise<SourceLost>;
}

export const observed: Stage<Observed> = {
  name: 'revocation',
  async up(folder, signal) {
    const ground = await layGround(folder, signal);
    const help = observeHelp(ground);
    const lostState = observeLostState(ground);
    const rollOver = observeRollOver(ground);
    const lostList = observeLostList(ground);
    const rights = observeRights(ground);
    const certificateEnd = observeCertificateEnd(ground);
    const all = { rights, certificateEnd, help, rollOver, lostState, lostList };
    // Whoever waits for a part hears of its failure.
    for (const part of Object.values(all)) part.catch(() => {});
    return { ground, ...all };
  },
  down: ({ ground }) => ground.down(),
};
