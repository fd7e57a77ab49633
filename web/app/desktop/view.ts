// A desktop in the browser: opening it, one session at a time, and what follows when it ends.
import { type End, endOf } from '#web/core/ends.ts';
import { type OpenedSession, openDesktop, type Prover } from '#web/core/open.ts';
import { SUITE } from '#web/core/web-crypto.ts';
import { passkeyProver } from '../browser/passkey-prover.ts';
import { element } from '../element.ts';
import { fill } from '../language.ts';
import { askNext, type Next } from './ending.ts';
import type { DesktopOpening } from './opening.ts';
import { loadNoVnc } from './picture.ts';
import { work } from './session.ts';
import { DESKTOP } from './texts.ts';

export interface Left {
  end: End;
  next: Exclude<Next, 'again'>;
}

/**
 * Fills `root` until the user leaves.
 * @param root in the document
 */
export async function showDesktop(root: HTMLElement, opening: DesktopOpening): Promise<Left> {
  // While the desktop is being opened; if it fails, the session will say so.
  loadNoVnc().catch(() => {});
  let byPasskey = false;
  for (;;) {
    const opened = await open(root, opening, byPasskey);
    const end = 'end' in opened ? opened.end : await work(root, opening, opened.session);
    const next = await askNext(root, opening.say, end, 'session' in opened, opening.signal);
    if (next !== 'again') {
      root.replaceChildren();
      return { end, next };
    }
    // Once known it stays so: whoever let the passkey's prompt go is asked again.
    byPasskey ||= end.code === 'PASSKEY_REQUIRED';
  }
}

type Opened = { session: OpenedSession } | { end: End };

/** Whoever cancels does not wait for the network. @param byPasskey one that this browser may not know of */
async function open(root: HTMLElement, opening: DesktopOpening, byPasskey: boolean): Promise<Opened> {
  const cancelled = cancelledBy(root, opening);
  const asking = new AbortController();
  try {
    const { around, keys, user, desktop } = opening;
    const pinned = await keys.pinned(desktop);
    const prover = await proverFor(opening, byPasskey || pinned?.credentialId != null, asking.signal);
    // Without a pin there is nobody to trust.
    if (!pinned || !prover) return { end: { code: 'NOT_PAIRED', authentic: true } };
    const opened = openDesktop(around, { suite: SUITE, user, desktop, prover }, pinned);
    const session = await Promise.race([opened, cancelled]);
    if (session !== null) {
      if (byPasskey) await keys.pin(desktop, session);
      return { session };
    }
    asking.abort();
    opened.then(({ socket }) => socket.close('ENDED')).catch(() => {});
    return { end: { code: 'ENDED', authentic: true } };
  } catch (error) {
    return { end: endOf(error) };
  }
}

async function proverFor(
  { keys, label }: DesktopOpening,
  byPasskey: boolean,
  signal: AbortSignal,
): Promise<Prover | null> {
  if (byPasskey) return passkeyProver(label, signal);
  const key = await keys.deviceKey();
  return key && { kind: 'device-key', key };
}

function cancelledBy(root: HTMLElement, { say, label, signal }: DesktopOpening): Promise<null> {
  const cancel = element('button', { type: 'button' }, say(DESKTOP.cancel));
  root.replaceChildren(
    element(
      'main',
      { class: 'main narrow' },
      element(
        'div',
        { class: 'card stack', role: 'status' },
        element('h1', { tabindex: -1 }, say(fill(DESKTOP.opening, { label }))),
        element('p', { class: 'soft' }, say(DESKTOP.gesture)),
        element('div', { class: 'row' }, cancel),
      ),
    ),
  );
  root.querySelector('h1')?.focus();
  return new Promise((cancelled) => {
    cancel.addEventListener('click', () => cancelled(null));
    signal.addEventListener('abort', () => cancelled(null), { once: true });
    if (signal.aborted) cancelled(null);
  });
}
