// The one-time code that an administrator hands to a user. Only its hash is kept. It is good once and for ten minutes, and a
// new one makes the one before worthless (T21).
//
//   enrolment/code/HASH              whose it was and until when; stays a day longer, so that a refusal can say why
//   enrolment/open/MUNICIPALITY/USER the hash of the one that may still be used; who deletes it has spent it
import * as z from 'zod';
import type { Store } from '#platform/state/store.ts';
import { Refusal } from '#protocol/codes.ts';
import { ENROLMENT_CODE_LIFE_MS } from '#protocol/limits.ts';
import { hashOfTyped, newCode } from '../one-time-code.ts';
import { type UserId, userIdSchema } from '../users.ts';

const REMEMBERED_MS = 86_400_000;

const codeRow = userIdSchema.extend({ expiresAt: z.number() });
const openRow = z.strictObject({ hash: z.string() });

export class EnrolmentCodes {
  readonly #store: Store;
  readonly #now: () => number;

  /** @param now wall clock, ms */
  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** @returns the code, which leaves the process only here, and its end in ms */
  async issue({ municipality, user }: UserId): Promise<{ code: string; expiresAt: number }> {
    const { code, hash } = newCode();
    const expiresAt = this.#now() + ENROLMENT_CODE_LIFE_MS;
    const remembered = { expiresAt: expiresAt + REMEMBERED_MS };
    await this.#store.put(codeKey(hash), { municipality, user, expiresAt }, remembered);
    await this.#store.put(openKey({ municipality, user }), { hash }, { expiresAt });
    return { code, expiresAt };
  }

  /**
   * Uses a code up.
   * @param typed what the user typed; any text
   * @returns whose it is
   * @throws ENROLMENT_CODE_WRONG, ENROLMENT_CODE_EXPIRED, ENROLMENT_CODE_SPENT: one code outside
   */
  async spend(typed: string): Promise<UserId> {
    const hash = hashOfTyped(typed);
    const known = hash && (await this.#store.get(codeKey(hash)));
    if (!known) throw new Refusal('ENROLMENT_CODE_WRONG', hash ? '' : 'not in the form of a code');
    const { expiresAt, ...owner } = codeRow.parse(known.value);
    const whose = `the code of ${owner.municipality}/${owner.user}`;
    if (this.#now() >= expiresAt) throw new Refusal('ENROLMENT_CODE_EXPIRED', whose);
    const open = await this.#store.get(openKey(owner));
    const isOpen = open !== null && openRow.parse(open.value).hash === hash;
    // Of two who come at once, one deletes this version.
    if (!isOpen || !(await this.#store.delete(openKey(owner), open.version))) {
      throw new Refusal('ENROLMENT_CODE_SPENT', whose);
    }
    return owner;
  }
}

function codeKey(hash: string): string {
  return `enrolment/code/${hash}`;
}

function openKey({ municipality, user }: UserId): string {
  return `enrolment/open/${municipality}/${user}`;
}
