import { describe, expect, it } from 'vitest';
import { LOCAL } from '#gateway/administration/action.ts';
import { PolicyChanges } from '#gateway/administration/policy-changes.ts';
import { DEFAULT_POLICY, Policies, policySchema } from '#gateway/policies.ts';
import { FIELDS } from '#platform/audit/fields.ts';
import { type Clock, clockAt, openTestStore } from '#tests/support/clock-and-store.ts';
import { reasonOf } from '#tests/support/reason-of.ts';

const CODE = '131016';
const YAMADA = { name: 'yamada', municipality: '-' };
const HONDA = { name: 'honda', municipality: '-' };
const DAY_MS = 24 * 3_600_000;

function open(clock: Clock = clockAt()) {
  const { store } = openTestStore(clock);
  const policies = new Policies(store);
  return { clock, policies, changes: new PolicyChanges(store, policies, clock.now) };
}

/** A municipality that demands a password, and a change that would no longer. */
async function loosening() {
  const test = open();
  await test.changes.ask(CODE, { password: true }, YAMADA);
  const asked = await test.changes.ask(CODE, { password: false }, YAMADA);
  if (!asked.held) throw new Error('not held');
  return { ...test, id: asked.change.id };
}

describe('a stricter policy', () => {
  it('holds at once', async () => {
    const { changes, policies } = open();
    const asked = await changes.ask(CODE, { password: true, idleSeconds: 300 }, YAMADA);
    expect(asked).toMatchObject({ held: false, before: DEFAULT_POLICY });
    expect(await policies.of(CODE)).toEqual({ ...DEFAULT_POLICY, password: true, idleSeconds: 300 });
  });

  it('takes away what waits: that was asked of another policy', async () => {
    const { changes, id } = await loosening();
    await changes.ask(CODE, { idleSeconds: 300 }, HONDA);
    expect(await changes.of(CODE)).toBeNull();
    expect(await reasonOf(changes.approve(CODE, id, HONDA))).toBe('CHANGE_UNKNOWN');
  });
});

describe('a policy', () => {
  it('fits the audit log as a whole: what would be cut there is refused', () => {
    const field = FIELDS.policy.schema;
    const longest = JSON.stringify({ ...DEFAULT_POLICY, hardwareBound: false });
    expect(field.parse(longest)).toBe(longest);
    const secondFactors = ['totp', 'totp', 'totp'];
    expect(policySchema.safeParse({ ...DEFAULT_POLICY, secondFactors }).success).toBe(false);
  });
});

describe('a looser policy', () => {
  it('waits, and says who asked, when, before and after', async () => {
    const { changes, policies, clock, id } = await loosening();
    expect((await policies.of(CODE)).password).toBe(true);
    expect(await changes.of(CODE)).toMatchObject({
      ...{ id, by: 'yamada', at: clock.now(), expiresAt: clock.now() + DAY_MS },
      before: { password: true },
      after: { password: false },
    });
  });

  it('holds once another administrator approves it', async () => {
    const { changes, policies, id } = await loosening();
    await changes.approve(CODE, id, HONDA);
    expect((await policies.of(CODE)).password).toBe(false);
    expect(await changes.of(CODE)).toBeNull();
  });

  it('is not approved by who asked for it', async () => {
    const { changes, policies, id } = await loosening();
    expect(await reasonOf(changes.approve(CODE, id, YAMADA))).toBe('CHANGE_OF_ONESELF');
    expect((await policies.of(CODE)).password).toBe(true);
    expect(await changes.of(CODE)).not.toBeNull();
  });

  it('is never approved at the socket, which is one identity for many people', async () => {
    const { changes, id } = await loosening();
    expect(await reasonOf(changes.approve(CODE, id, LOCAL))).toBe('CHANGE_OF_ONESELF');
  });

  it('waits as a whole if it also tightens', async () => {
    const { changes, policies } = await loosening();
    const asked = await changes.ask(CODE, { password: false, hardwareBound: true }, YAMADA);
    expect(asked.held).toBe(true);
    expect((await policies.of(CODE)).hardwareBound).toBe(false);
  });

  it('can be refused by anyone, also by who asked', async () => {
    for (const _ of [1, 2]) {
      const { changes, policies, id } = await loosening();
      await changes.refuse(CODE, id);
      expect(await reasonOf(changes.approve(CODE, id, HONDA))).toBe('CHANGE_UNKNOWN');
      expect((await policies.of(CODE)).password).toBe(true);
    }
  });

  it('can be approved until the last moment of 24 hours and not after', async () => {
    const late = await loosening();
    late.clock.pass(DAY_MS);
    expect(await late.changes.of(CODE)).toBeNull();
    expect(await reasonOf(late.changes.approve(CODE, late.id, HONDA))).toBe('CHANGE_EXPIRED');
    expect((await late.policies.of(CODE)).password).toBe(true);
    const inTime = await loosening();
    inTime.clock.pass(DAY_MS - 1);
    expect(await reasonOf(inTime.changes.approve(CODE, inTime.id, HONDA))).toBeNull();
  });

  it('is replaced by the next one, which has another id: nobody approves what he has not seen', async () => {
    const { changes, id } = await loosening();
    const next = await changes.ask(CODE, { password: false, idleSeconds: 900 }, YAMADA);
    expect(next.held && next.change.id).not.toBe(id);
    expect(await reasonOf(changes.approve(CODE, id, HONDA))).toBe('CHANGE_UNKNOWN');
  });

  it('is overtaken if the policy has changed in any other way meanwhile', async () => {
    const { changes, policies, id } = await loosening();
    const { version, policy } = await policies.read(CODE);
    expect(await policies.replace(CODE, version, { ...policy, hardwareBound: true })).toBe(true);
    expect(await reasonOf(changes.approve(CODE, id, HONDA))).toBe('CHANGE_OVERTAKEN');
    expect(await policies.of(CODE)).toMatchObject({ password: true, hardwareBound: true });
  });

  it('is approved once, whoever else approves at the same moment', async () => {
    const { changes, id } = await loosening();
    const reasons = await Promise.all(
      ['honda', 'suda', 'mori'].map((name) => reasonOf(changes.approve(CODE, id, { name, municipality: '-' }))),
    );
    expect(reasons.sort()).toEqual(['CHANGE_UNKNOWN', 'CHANGE_UNKNOWN', null]);
  });

  it('of one municipality says nothing about another', async () => {
    const { changes, id } = await loosening();
    expect(await changes.of('132012')).toBeNull();
    expect(await reasonOf(changes.approve('132012', id, HONDA))).toBe('CHANGE_UNKNOWN');
  });
});
