// That the certificate is about to end, in time to get another (E6).
import { element } from './element.ts';
import { fill } from './language.ts';
import type { SignedInVisit } from './shell.ts';
import { SHELL } from './texts/shell.ts';
import { dateAndTime } from './when.ts';

/** @returns nothing while there is nothing to say */
export function certificateNotice({ say, language, signedIn }: SignedInVisit): HTMLElement[] {
  const { certificateExpiresAt: end, certificateWarning: warning } = signedIn;
  if (!end || warning === null || warning === undefined) return [];
  const text = say(fill(SHELL.certificateEnds, { time: dateAndTime(end, language()) }));
  return [element('p', { class: 'notice warn' }, text)];
}
