// A municipality's policy for a test, whatever it was before.
import { DEFAULT_POLICY, Policies, type UserPolicy } from '#gateway/policies.ts';
import type { Store } from '#platform/state/store.ts';

export async function setPolicy(store: Store, municipality: string, changes: Partial<UserPolicy>): Promise<void> {
  const policies = new Policies(store);
  const { version } = await policies.read(municipality);
  await policies.replace(municipality, version, { ...DEFAULT_POLICY, ...changes });
}
