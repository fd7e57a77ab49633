// What the list of desktops does with one of them.
import type { Surroundings } from '#web/core/open.ts';
import { KeyStore } from '../browser/key-store.ts';
import { element } from '../element.ts';
import type { DesktopActions } from '../pages/desktops.ts';
import type { SignedInVisit } from '../shell.ts';
import { pairDesktop } from './pair.ts';
import { showDesktop } from './view.ts';

export function desktopActions(around: Surroundings): DesktopActions {
  const keysOf = ({ signedIn }: SignedInVisit) => new KeyStore(signedIn);
  const actions: DesktopActions = {
    isPaired: async (visit, desktop) => (await keysOf(visit).pinned(desktop)) !== null,
    async open(visit, { desktop, label }) {
      const root = element('div', { class: 'whole' });
      visit.yieldTo(root);
      const { user, idleSeconds } = visit.signedIn;
      const { say, signal } = visit;
      const left = await showDesktop(root, {
        desktop,
        label,
        user,
        idleSeconds,
        around,
        keys: keysOf(visit),
        say,
        signal,
      });
      if (signal.aborted) return;
      if (left.next === 'pair') await actions.pair(visit, { desktop, label });
      else visit.go('desktops');
    },
    async pair(visit, { desktop, label }) {
      pairDesktop(visit, { desktop, label, around, keys: keysOf(visit) });
    },
  };
  return actions;
}
