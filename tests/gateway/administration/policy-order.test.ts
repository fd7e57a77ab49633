// E9 as a property: whatever is asked in whatever order, no one administrator makes a policy let anything pass that the
// one before refused.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PolicyChanges } from '#gateway/administration/policy-changes.ts';
import { loosens, Policies, type UserPolicy } from '#gateway/policies.ts';
import { clockAt, openTestStore } from '#tests/support/clock-and-store.ts';

const wanted: fc.Arbitrary<Partial<UserPolicy>> = fc.record(
  {
    secondFactors: fc.constantFrom<UserPolicy['secondFactors']>(['webauthn'], ['totp'], ['webauthn', 'totp']),
    password: fc.boolean(),
    hardwareBound: fc.boolean(),
    idleSeconds: fc.integer({ min: 60, max: 900 }),
    overallSeconds: fc.integer({ min: 300, max: 43_200 }),
  },
  { requiredKeys: [] },
);

it('one administrator alone only ever tightens', async () => {
  const clock = clockAt();
  const { store } = openTestStore(clock);
  const policies = new Policies(store);
  const changes = new PolicyChanges(store, policies, clock.now);
  const yamada = { name: 'yamada', municipality: '-' };
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(wanted, { minLength: 1, maxLength: 6 }), async (asked) => {
      const code = String(100_000 + run++);
      for (const one of asked) {
        const before = await policies.of(code);
        await changes.ask(code, one, yamada);
        const waits = await changes.of(code);
        if (waits) await changes.approve(code, waits.id, yamada).catch(() => {});
        expect(loosens(before, await policies.of(code))).toBe(false);
      }
    }),
    { numRuns: 40 },
  );
});
