// A municipality's policy as two administrators may have made it, with nobody asked.
import { DEFAULT_POLICY, Policies, type UserPolicy } from '#gateway/policies.ts';
import type { Store } from '#platform/state/store.ts';

/** @param changes to the default policy */
export async function setPolicy(store: Store, municipality: string, changes: Partial<UserPolicy>): Promise<void> {
  const policies = new Policies(store);
  const { version } = await policies.read(municipality);
  await policies.replace(municipality, version, { ...DEFAULT_POLICY, ...changes });
}
