// The user's page: which gateway, then from page to page.
import { openFrame } from './frame.ts';
import { accountPage } from './pages/account.ts';
import { desktopsPage } from './pages/desktops.ts';
import { signInPage } from './pages/sign-in.ts';
import { requestTo } from './request.ts';
import { openShell } from './shell.ts';
import { SHELL } from './texts/shell.ts';

const gateway = document.querySelector<HTMLMetaElement>('meta[name="gateway"]')?.content ?? '';

const shell = openShell(openFrame(SHELL.name), requestTo(gateway), {
  signIn: signInPage,
  desktops: (visit) => desktopsPage(visit, { isPaired: async () => false, open: async () => {}, pair: async () => {} }),
  account: accountPage,
});
await shell.start();
