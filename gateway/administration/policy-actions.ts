// A municipality's policy: looked at, tightened at once, loosened by two.
import * as z from 'zod';
import { iso } from '../iso-time.ts';
import type { Journal } from '../journal.ts';
import { type Policies, policySchema } from '../policies.ts';
import type { Users } from '../users.ts';
import { type Action, inCharge, inMunicipality, isInCharge } from './action.ts';
import { chargeSchema } from './administrators.ts';
import { type Change, changeId, type PolicyChanges } from './policy-changes.ts';

export interface PolicyActionParts {
  users: Users;
  policies: Policies;
  changes: PolicyChanges;
  journal: Journal;
}

/** "-": what is demanded of administrators themselves. */
const municipality = chargeSchema;
const one = z.strictObject({ municipality });
const wantedPolicy = policySchema.partial().extend({ municipality });
const change = one.extend({ id: changeId });

export function policyActions({ users, policies, changes, journal }: PolicyActionParts): Action[] {
  async function show(municipality: string) {
    const waits = await changes.of(municipality);
    return { municipality, policy: await policies.of(municipality), waiting: waits && describe(waits) };
  }

  return [
    inCharge({
      name: 'policy.list',
      schema: z.strictObject({}),
      dangerous: false,
      async run(_, by) {
        const known = new Set([...(await policies.municipalities()), ...(await users.list()).map(codeOf)]);
        known.add(by.municipality);
        const seen = [...known].filter((code) => isInCharge(by, code)).sort();
        return { policies: await Promise.all(seen.map(show)) };
      },
    }),

    inMunicipality({
      name: 'policy.show',
      schema: one,
      dangerous: false,
      run: ({ municipality }) => show(municipality),
    }),

    inMunicipality({
      name: 'policy.set',
      schema: wantedPolicy,
      dangerous: true,
      async run({ municipality, ...wanted }, by) {
        const asked = await changes.ask(municipality, wanted, by);
        const said = { municipality, ...texts(asked), by: by.name };
        if (asked.held) journal.administered('policy-change-held', { ...said, change: asked.change.id });
        else journal.administered('policy-changed', said);
        return { ...(await show(municipality)), held: asked.held };
      },
    }),

    inMunicipality({
      name: 'policy.approve',
      schema: change,
      dangerous: true,
      async run({ municipality, id }, by) {
        const approved = await changes.approve(municipality, id, by);
        const asked = { change: id, askedBy: approved.by };
        journal.administered('policy-changed', { municipality, ...texts(approved), by: by.name, ...asked });
        return show(municipality);
      },
    }),

    inMunicipality({
      name: 'policy.refuse',
      schema: change,
      dangerous: false,
      async run({ municipality, id }, by) {
        await changes.refuse(municipality, id);
        journal.administered('policy-change-withdrawn', { municipality, change: id, by: by.name });
        return show(municipality);
      },
    }),
  ];
}

function codeOf({ municipality }: { municipality: string }): string {
  return municipality;
}

function describe({ id, before, after, by, at, expiresAt }: Change) {
  return { id, before, after, by, at: iso(at), expiresAt: iso(expiresAt) };
}

function texts({ before, after }: Pick<Change, 'before' | 'after'>) {
  return { policy: JSON.stringify(after), policyBefore: JSON.stringify(before) };
}
