// What the office's administrator does at the running agent, and what the audit log says of it (G1).
import { expect, it } from 'vitest';
import { localHandlers } from '#agent/local-api.ts';
import { bothEnds, DESKTOP } from '#tests/support/both-ends.ts';
import { agentKey, USER } from '#tests/support/end-to-end.ts';

async function agent() {
  const ends = await bothEnds();
  const { home, pairings, sessions, audit } = ends;
  const parts = { home, identity: agentKey, pairings, sessions, audit };
  return { ends, handlers: localHandlers({ ...parts, brokerUp: () => true }), audit };
}

const ABOUT = { municipality: '131016', user: USER, desktop: DESKTOP, by: 'local' };

it('a code that was issued, and taken back before anybody used it', async () => {
  const { handlers, audit } = await agent();
  await handlers.pair?.({ user: USER, desktop: DESKTOP, add: false });
  expect(audit.events).toEqual([{ event: 'pairing-code-issued', ...ABOUT }]);
  expect(await handlers.revoke?.({ user: USER, desktop: DESKTOP })).toEqual({ removed: 0 });
  expect(audit.events.slice(1)).toEqual([{ event: 'pairing-code-revoked', ...ABOUT }]);
});

it('a device that was paired, and is no longer', async () => {
  const { ends, handlers, audit } = await agent();
  await ends.paired();
  expect(await handlers.revoke?.({ user: USER, desktop: DESKTOP })).toEqual({ removed: 1 });
  expect(audit.of('pairing-revoked')).toEqual([{ event: 'pairing-revoked', ...ABOUT, devices: 1 }]);
});

it('nothing for a desktop of another agent', async () => {
  const { handlers, audit } = await agent();
  await expect(handlers.pair?.({ user: USER, desktop: '131016/other/pc', add: false })).rejects.toThrow(
    'DESKTOP_UNKNOWN',
  );
  expect(audit.events).toEqual([]);
});
