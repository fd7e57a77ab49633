import { type AnyProof, listed } from '../proof.ts';
import { noMail } from './no-mail.ts';

export const sourcesProofs: readonly AnyProof[] = [listed(noMail)];
