// The own factors and what happened with them: one page, drawn anew from the gateway's answer after every change.
import { askFactors, askHistory, askLive } from '#web/core/gateway-ceremony.ts';
import { element } from '../element.ts';
import type { SignedInVisit } from '../shell.ts';
import { ACCOUNT } from '../texts/account.ts';
import type { Account, AccountVisit } from './account-visit.ts';
import { historyPart, livePart } from './activity.ts';
import { passkeysPart } from './passkeys.ts';
import { passwordPart } from './password.ts';
import { recoveryPart } from './recovery.ts';
import { totpPart } from './totp.ts';

type Part = (visit: AccountVisit, account: Account) => HTMLElement;

export const accountPage = (visit: SignedInVisit): Promise<void> =>
  openAccount(visit, () => askLive(visit.request), [livePart, ...OF_EVERYBODY]);

/** An administrator has no desktop. */
export const administratorAccountPage = (visit: SignedInVisit): Promise<void> =>
  openAccount(visit, () => Promise.resolve(null), OF_EVERYBODY);

const OF_EVERYBODY: readonly Part[] = [historyPart, passkeysPart, totpPart, passwordPart, recoveryPart];

async function openAccount(
  visit: SignedInVisit,
  live: () => Promise<Account['live']>,
  parts: readonly Part[],
): Promise<void> {
  const { request, say, signedIn } = visit;

  async function ask(): Promise<Account> {
    const [factors, history, now] = await Promise.all([askFactors(request), askHistory(request), live()]);
    return { factors, history, live: now, note: null, totpUri: null, recoveryCodes: null };
  }

  let account = await ask();
  const here: AccountVisit = {
    ...visit,
    change(changed) {
      account = { ...account, ...changed };
      visit.show(draw);
    },
    async done(note) {
      account = { ...(await ask()), note };
      visit.show(draw);
    },
  };
  const draw = () => ({
    title: ACCOUNT.title,
    content: [
      ...(signedIn.managesFactorsOnly ? [element('p', { class: 'notice warn' }, say(ACCOUNT.onlyFactors))] : []),
      ...(account.note ? [element('p', { class: 'notice', role: 'status' }, say(account.note))] : []),
      ...parts.map((part) => part(here, account)),
    ],
  });
  visit.show(draw);
}
