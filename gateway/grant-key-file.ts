// A planned roll-over of the grant key: another key in the place of the file that gateway.json names is taken over while
// sessions go on. The agents pin both by then, so that nothing ends (deploy/README.md).
import { LOOK_INTERVAL_MS, stateOf } from '#platform/process/file-state.ts';
import { type Grants, readGrantKey } from './grants.ts';
import type { Journal } from './journal.ts';

/** A file that is gone or cannot be used changes nothing: whom to trust is the agents' to say. @returns stops it */
export function followGrantKey(
  path: string,
  grants: Pick<Grants, 'signer' | 'rollOver'>,
  journal: Pick<Journal, 'grantKeyChanged' | 'grantKeyKept'>,
): () => void {
  // Of no state yet, so that a change since the start read it is found, too.
  let read = '';
  let seen = '';
  let reading = Promise.resolve();

  async function take(): Promise<void> {
    read = stateOf([path]);
    try {
      const key = await readGrantKey(path);
      const before = grants.signer;
      if (key.kid === before) return;
      grants.rollOver(key);
      journal.grantKeyChanged(key.kid, before);
    } catch (error) {
      journal.grantKeyKept(error);
    }
  }

  /** A file that somebody is still writing is left alone until it rests. */
  function look(): void {
    const state = stateOf([path]);
    const rests = state === seen;
    seen = state;
    if (rests && state !== read) reading = reading.then(take);
  }

  const timer = setInterval(look, LOOK_INTERVAL_MS).unref();
  return () => clearInterval(timer);
}
