// T17, T22 as a property: whatever an administrator of one municipality sends, to whatever action, nothing of another one's
// changes, nothing of it comes back, and nothing ends in a fault of ours.
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { actions } from '#gateway/administration/actions.ts';
import { Administrators } from '#gateway/administration/administrators.ts';
import { PolicyChanges } from '#gateway/administration/policy-changes.ts';
import type { BrokerLink } from '#gateway/broker-link.ts';
import { EnrolmentCodes } from '#gateway/enrolment/codes.ts';
import { EnrolmentJournal } from '#gateway/enrolment/journal.ts';
import { EnrolmentRequests } from '#gateway/enrolment/requests.ts';
import { Entitlements } from '#gateway/entitlements.ts';
import { Journal } from '#gateway/journal.ts';
import { Policies } from '#gateway/policies.ts';
import { Authenticators } from '#gateway/sign-in/authenticators.ts';
import { FactorSeal } from '#gateway/sign-in/factors.ts';
import { Sessions } from '#gateway/sign-in/sessions.ts';
import { Slots } from '#gateway/slots.ts';
import { Users } from '#gateway/users.ts';
import { Failure } from '#platform/process/exit.ts';
import { createLog } from '#platform/process/log.ts';
import { Refusal } from '#protocol/codes.ts';
import { memoryAudit } from '#tests/support/broker.ts';
import { clockAt, openTestStore } from '#tests/support/clock-and-store.ts';

const TANAKA = { municipality: '131016', user: 'tanaka' };
const SATO = { municipality: '132012', user: 'sato' };
const HERS = '131016/soumu/notepad';
const HER_REQUEST = 'AAAA-BBBB-CCCC-DDDD';
const MORI = { name: 'mori', municipality: '132012' };
const LIMITS = { idleSeconds: 900, overallSeconds: 43_200 };

it('no body of any action reaches another municipality', async () => {
  const clock = clockAt();
  const { now } = clock;
  const { store } = openTestStore(clock);
  const policies = new Policies(store);
  const seal = new FactorSeal(randomBytes(32));
  const authenticators = new Authenticators({ store, seal, now }, policies, null);
  const parts = {
    users: new Users(store),
    authenticators,
    sessions: new Sessions(store, async () => LIMITS, now),
    entitlements: new Entitlements(store),
    slots: new Slots(store, 'test', now),
    policies,
    changes: new PolicyChanges(store, policies, now),
    administrators: new Administrators(store),
    ofAdministrators: { sessions: new Sessions(store, async () => LIMITS, now), authenticators },
    // No link: what is known of desktops comes from the state.
    broker: { isUp: false, isOnline: () => false, desktops: () => [HERS] } as unknown as BrokerLink,
    journal: new Journal(memoryAudit(), createLog('test', { write() {} }), now, now),
    now,
  };
  const enrolment = {
    ...{ users: parts.users, now, isListening: true },
    codes: new EnrolmentCodes(store, now),
    requests: new EnrolmentRequests(store, now),
    journal: new EnrolmentJournal(memoryAudit(), now),
    trust: () => {
      throw new Failure('no certificate of hers is looked at');
    },
  };
  const table = actions({ ...parts, enrolment }).filter(({ only }) => only !== 'socket');
  await parts.users.add(TANAKA, '田中太郎');
  await parts.users.add(SATO, '佐藤');
  await authenticators.totp.enrol(TANAKA);
  await parts.entitlements.add(TANAKA, HERS);
  await parts.slots.claim({ ...TANAKA, desktop: HERS, session: 'a'.repeat(32), startedAt: 0, address: '192.0.2.7' });
  await parts.changes.ask(TANAKA.municipality, { password: true }, { name: 'yamada', municipality: '-' });
  const waiting = await parts.changes.ask(
    TANAKA.municipality,
    { password: false },
    { name: 'yamada', municipality: '-' },
  );
  await enrolment.requests.add(HER_REQUEST, { ...TANAKA, name: '田中太郎', csr: 'PEM' });
  const ofHers = async () =>
    (await store.list('')).filter((row) => /131016/.test(row.key)).map((row) => `${row.key} ${row.version}`);
  const before = await ofHers();

  const value = fc.oneof(
    fc.constantFrom<unknown>('131016', '132012', '-', 'tanaka', 'sato', HERS, 'a'.repeat(32), true, {}, []),
    fc.constantFrom<unknown>(waiting.held ? waiting.change.id : ''),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const fields = [
    'municipality',
    'user',
    'name',
    'desktop',
    'label',
    'session',
    'all',
    'id',
    'find',
    'password',
    'request',
    'certificate',
  ];
  const body = fc.oneof(
    { weight: 5, arbitrary: fc.dictionary(fc.constantFrom(...fields, '__proto__'), value, { maxKeys: 4 }) },
    fc.jsonValue(),
  );
  const fitting = fc.constantFrom<[string, object]>(
    ['user.disable', TANAKA],
    ['factor.remove', { ...TANAKA, factor: 'all' }],
    ['factor.activation', TANAKA],
    ['session.end', { session: 'a'.repeat(32) }],
    ['session.end', { all: true }],
    ['policy.approve', { municipality: '131016', id: waiting.held ? waiting.change.id : '' }],
    ['user.list', { municipality: '131016' }],
    ['enrolment.code', TANAKA],
    ['enrolment.export', { request: HER_REQUEST }],
    ['enrolment.refuse', { request: HER_REQUEST }],
  );
  const asked = fc.oneof(
    { weight: 9, arbitrary: fc.tuple(fc.constantFrom(...table.map(({ name }) => name)), body) },
    fitting,
  );
  await fc.assert(
    fc.asyncProperty(asked, async ([name, sent]) => {
      const action = table.find((one) => one.name === name);
      const answer = await action?.perform(sent, MORI).catch((error: unknown) => {
        const foreseen = error instanceof z.ZodError || error instanceof Failure;
        expect(foreseen || (error instanceof Refusal && error.code !== 'UNAVAILABLE'), String(error)).toBe(true);
        return null;
      });
      expect(JSON.stringify(answer ?? null)).not.toContain('131016');
    }),
    { numRuns: 500 },
  );
  expect(await ofHers()).toEqual(before);
  expect(await enrolment.requests.find(HER_REQUEST)).toMatchObject({ state: 'waiting' });
}, 30_000);
