// What a municipality demands of its users beyond what the gateway demands of everybody. Stricter than the default holds at
// once; looser waits for a second administrator (E9).
import * as z from 'zod';
import { IDLE_MAX_SECONDS, OVERALL_MAX_SECONDS } from '#platform/process/limits.ts';
import type { Store } from '#platform/state/store.ts';

export const POLICY_PREFIX = 'policy/';

const SECOND_FACTORS = ['webauthn', 'totp'] as const;

export const policySchema = z.strictObject({
  /** Beside the certificate; at least one. No longer than the list: the audit log cuts what is too long to read (T22). */
  secondFactors: z.array(z.enum(SECOND_FACTORS)).min(1).max(SECOND_FACTORS.length),
  /** Knowledge besides two possessions (63B: then two kinds of factor). */
  password: z.boolean(),
  /** Only passkeys that cannot leave their authenticator, shown by attestation: BE = 0 (B4). */
  hardwareBound: z.boolean(),
  /** Never more than the gateway's own limits (F1). */
  idleSeconds: z.int().min(60).max(IDLE_MAX_SECONDS),
  overallSeconds: z.int().min(300).max(OVERALL_MAX_SECONDS),
});
export type UserPolicy = Readonly<z.infer<typeof policySchema>>;

export const DEFAULT_POLICY: UserPolicy = {
  secondFactors: ['webauthn', 'totp'],
  password: false,
  hardwareBound: false,
  idleSeconds: IDLE_MAX_SECONDS,
  overallSeconds: OVERALL_MAX_SECONDS,
};

export class Policies {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async of(municipality: string): Promise<UserPolicy> {
    return (await this.read(municipality)).policy;
  }

  /** @returns the version for `replace` as well; 0 while the municipality has none of its own */
  async read(municipality: string): Promise<{ policy: UserPolicy; version: number }> {
    const entry = await this.#store.get(POLICY_PREFIX + municipality);
    return entry
      ? { policy: policySchema.parse(entry.value), version: entry.version }
      : { policy: DEFAULT_POLICY, version: 0 };
  }

  /**
   * The caller has decided that it may be, looking at the policy of that version.
   * @returns false if it has changed since
   */
  async replace(municipality: string, version: number, policy: UserPolicy): Promise<boolean> {
    const key = POLICY_PREFIX + municipality;
    return (await this.#store.compareAndSwap(key, version, policySchema.parse(policy))) !== null;
  }

  /** The municipalities that have one of their own. */
  async municipalities(): Promise<string[]> {
    return (await this.#store.list(POLICY_PREFIX)).map(({ key }) => key.slice(POLICY_PREFIX.length));
  }
}

/** @returns true if anything that `before` refuses could pass under `after` */
export function loosens(before: UserPolicy, after: UserPolicy): boolean {
  return (
    after.secondFactors.some((factor) => !before.secondFactors.includes(factor)) ||
    (before.password && !after.password) ||
    (before.hardwareBound && !after.hardwareBound) ||
    after.idleSeconds > before.idleSeconds ||
    after.overallSeconds > before.overallSeconds
  );
}
