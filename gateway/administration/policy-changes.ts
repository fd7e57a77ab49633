// Two people for a looser policy (E9, T22). What only tightens holds at once; what lets anything pass that was refused
// before is kept, with who asked, when, before and after, until another administrator approves it:
//
//   held ──approve, by another──▶ in force     only if the policy is still the one that it was asked of
//     ├────refuse, by anyone────▶ gone
//     └────24 h─────────────────▶ gone
//
// A municipality has at most one that waits: a new one takes its place and has an id of its own, so that nobody approves
// what he has not seen.
import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { Store } from '#platform/state/store.ts';
import { Refusal } from '#protocol/codes.ts';
import { loosens, type Policies, policySchema, type UserPolicy } from '../policies.ts';
import { type Administrator, LOCAL } from './action.ts';

const PREFIX = 'policy-change/';
const LIFE_MS = 24 * 3_600_000;
/** So much longer the row stays, so that who comes late reads "expired" and not "unknown". */
const ROW_GRACE_MS = LIFE_MS;
const ID_BYTES = 8;

export const changeId = z.string().regex(/^[0-9a-f]{16}$/);

const row = z.strictObject({
  id: changeId,
  before: policySchema,
  after: policySchema,
  /** of the policy before */
  version: z.int().min(0),
  /** name of the administrator who asked */
  by: z.string(),
  at: z.number(),
  expiresAt: z.number(),
});
export type Change = Readonly<z.infer<typeof row>>;

/** What is left out stays as it is. */
export type Wanted = { readonly [K in keyof UserPolicy]?: UserPolicy[K] | undefined };

export type Asked =
  | { held: false; before: UserPolicy; after: UserPolicy }
  | { held: true; before: UserPolicy; after: UserPolicy; change: Change };

export class PolicyChanges {
  readonly #store: Store;
  readonly #policies: Policies;
  readonly #now: () => number;

  /** @param now wall clock, ms */
  constructor(store: Store, policies: Policies, now: () => number) {
    this.#store = store;
    this.#policies = policies;
    this.#now = now;
  }

  /** A change that both tightens and loosens waits as a whole. */
  async ask(municipality: string, wanted: Wanted, by: Administrator): Promise<Asked> {
    for (;;) {
      const { policy: before, version } = await this.#policies.read(municipality);
      const after = policySchema.parse({ ...before, ...wanted });
      if (loosens(before, after)) {
        const change = await this.#hold(municipality, { before, after, version, by: by.name });
        return { held: true, before, after, change };
      }
      // By version: what does not loosen this policy could loosen the one that another administrator sets meanwhile.
      if (await this.#policies.replace(municipality, version, after)) {
        await this.#store.delete(PREFIX + municipality); // was asked of the policy before
        return { held: false, before, after };
      }
    }
  }

  async #hold(municipality: string, asked: Omit<Change, 'id' | 'at' | 'expiresAt'>): Promise<Change> {
    const at = this.#now();
    const change: Change = { ...asked, id: randomBytes(ID_BYTES).toString('hex'), at, expiresAt: at + LIFE_MS };
    await this.#store.put(PREFIX + municipality, change, { expiresAt: change.expiresAt + ROW_GRACE_MS });
    return change;
  }

  /** The one that waits. */
  async of(municipality: string): Promise<Change | null> {
    const change = (await this.#read(municipality))?.value ?? null;
    return change && this.#now() < change.expiresAt ? change : null;
  }

  /** @throws CHANGE_UNKNOWN, CHANGE_EXPIRED, CHANGE_OF_ONESELF, CHANGE_OVERTAKEN */
  async approve(municipality: string, id: string, by: Administrator): Promise<Change> {
    const { value: change, version } = await this.#require(municipality, id);
    if (this.#now() >= change.expiresAt) throw new Refusal('CHANGE_EXPIRED');
    // The socket is one identity for many people, so it cannot be the second one.
    if (by.name === change.by || by.name === LOCAL.name)
      throw new Refusal('CHANGE_OF_ONESELF', `asked by ${change.by}`);
    // Of two that approve at once, one deletes that version.
    if (!(await this.#store.delete(PREFIX + municipality, version))) throw new Refusal('CHANGE_UNKNOWN');
    if (!(await this.#policies.replace(municipality, change.version, change.after))) {
      throw new Refusal('CHANGE_OVERTAKEN', 'the policy is not the one that it was asked of');
    }
    return change;
  }

  /** By anyone, also by who asked. @throws CHANGE_UNKNOWN */
  async refuse(municipality: string, id: string): Promise<Change> {
    const { value: change, version } = await this.#require(municipality, id);
    if (!(await this.#store.delete(PREFIX + municipality, version))) throw new Refusal('CHANGE_UNKNOWN');
    return change;
  }

  async #require(municipality: string, id: string) {
    const entry = await this.#read(municipality);
    if (entry?.value.id !== id) throw new Refusal('CHANGE_UNKNOWN');
    return entry;
  }

  async #read(municipality: string) {
    const entry = await this.#store.get(PREFIX + municipality);
    return entry && { version: entry.version, value: row.parse(entry.value) };
  }
}
