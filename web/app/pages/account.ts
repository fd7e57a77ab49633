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

export async function accountPage(visit: SignedInVisit): Promise<void> {
  let account = await ask(visit);
  const here: AccountVisit = {
    ...visit,
    change(changed) {
      account = { ...account, ...changed };
      visit.show(draw);
    },
    async done(note) {
      account = { ...(await ask(visit)), note };
      visit.show(draw);
    },
  };
  const { say, signedIn } = visit;
  const draw = () => ({
    title: ACCOUNT.title,
    content: [
      ...(signedIn.managesFactorsOnly ? [element('p', { class: 'notice warn' }, say(ACCOUNT.onlyFactors))] : []),
      ...(account.note ? [element('p', { class: 'notice', role: 'status' }, say(account.note))] : []),
      livePart(here, account),
      historyPart(here, account),
      passkeysPart(here, account),
      totpPart(here, account),
      passwordPart(here, account),
      recoveryPart(here, account),
    ],
  });
  visit.show(draw);
}

async function ask({ request }: SignedInVisit): Promise<Account> {
  const [factors, history, live] = await Promise.all([askFactors(request), askHistory(request), askLive(request)]);
  return { factors, history, live, note: null, totpUri: null, recoveryCodes: null };
}
