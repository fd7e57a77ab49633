// The user's page: which gateway, then from page to page.
import './no-eval.ts';
import { gatewayAt } from './browser/gateway.ts';
import { desktopActions } from './desktop/actions.ts';
import { openFrame } from './frame.ts';
import { accountPage } from './pages/account.ts';
import { desktopsPage } from './pages/desktops.ts';
import { signInPage } from './pages/sign-in.ts';
import { openShell } from './shell.ts';
import { SHELL } from './texts/shell.ts';

const origin = document.querySelector<HTMLMetaElement>('meta[name="gateway"]')?.content ?? '';
const gateway = gatewayAt(origin);

const shell = openShell(openFrame(SHELL.name), gateway.request, {
  signIn: signInPage,
  places: [
    { place: 'desktops', name: SHELL.desktops, open: (visit) => desktopsPage(visit, desktopActions(gateway)) },
    { place: 'account', name: SHELL.account, open: accountPage },
  ],
  factors: 'account',
});
await shell.start();
