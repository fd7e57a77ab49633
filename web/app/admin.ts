// The administrators' page, on a listener of its own. It goes from page to page as the users' does.
import './no-eval.ts';
import { livePage } from './administration/live.ts';
import { policyPage } from './administration/policy.ts';
import { usersPage } from './administration/users.ts';
import { openFrame } from './frame.ts';
import { administratorAccountPage } from './pages/account.ts';
import { signInPage } from './pages/sign-in.ts';
import { requestTo } from './request.ts';
import { openShell } from './shell.ts';
import { ADMINISTRATION } from './texts/administration.ts';

const shell = openShell(openFrame(ADMINISTRATION.name), requestTo(''), {
  signIn: signInPage,
  places: [
    { place: 'users', name: ADMINISTRATION.users, open: (visit) => usersPage(visit) },
    { place: 'live', name: ADMINISTRATION.live, open: livePage },
    { place: 'policy', name: ADMINISTRATION.policy, open: (visit) => policyPage(visit) },
    { place: 'account', name: ADMINISTRATION.account, open: administratorAccountPage },
  ],
  factors: 'account',
});
await shell.start();
