// Logs of gateway, broker and agent over two days, for the report: fixed times, fixed names, some of them hostile.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Audit, openAudit } from '#platform/audit/chain.ts';
import type { EventFields, EventName } from '#platform/audit/events.ts';
import { createLog } from '#platform/process/log.ts';

const BEGIN = Date.UTC(2026, 3, 1, 23, 30); // 2 April, 08:30 in Japan
const MINUTE = 60_000;
const TANAKA = { municipality: '131016', user: 'tanaka' };
const SATO = { municipality: '132012', user: 'sato' };
const PC = '131016/soumu/pc-01';
const [S1, S2, S3] = ['1', '2', '3'].map((digit) => digit.repeat(32)) as [string, string, string];

const POLICY = {
  secondFactors: ['webauthn', 'totp'],
  password: false,
  hardwareBound: false,
  idleSeconds: 900,
  overallSeconds: 43_200,
};

/** @returns the state folders of the three */
export function writeLogs(folder: string): Record<'gateway' | 'broker' | 'agent', string> {
  let minute = 0;
  const now = () => BEGIN + minute * MINUTE;
  const open = (name: string, source: string): Audit => {
    mkdirSync(join(folder, name), { recursive: true });
    const log = createLog('test', { write: () => {} });
    return openAudit({
      path: join(folder, name, 'audit.jsonl'),
      source,
      now,
      heartbeatMs: 0,
      log,
      version: 'v26',
    });
  };
  const logs = {
    gateway: open('gateway', 'gateway/gw-1'),
    broker: open('broker', 'broker'),
    agent: open('agent', 'agent/131016/soumu'),
  };
  const at = <E extends EventName>(when: number, who: keyof typeof logs, event: E, fields: EventFields[E]) => {
    minute = when;
    logs[who].record(event, fields);
  };
  const address = '198.51.100.7';

  at(1, 'gateway', 'sign-in-refused', { ...TANAKA, reason: 'TOTP_WRONG', factor: 'totp', address });
  at(2, 'gateway', 'sign-in-succeeded', { ...TANAKA, factors: ['mtls', 'otp'], address });
  at(3, 'gateway', 'desktop-opened', { ...TANAKA, desktop: PC, session: S1, mode: 'open', address });
  at(3, 'agent', 'user-verified', { ...TANAKA, desktop: PC, session: S1, mode: 'open', proof: 'passkey' });
  at(3, 'broker', 'session-paired', { session: S1, municipality: '131016', desktop: PC });
  at(3.5, 'gateway', 'relay-started', { ...TANAKA, desktop: PC, session: S1 });
  at(3.5, 'agent', 'session-started', { ...TANAKA, desktop: PC, session: S1 });
  at(63.5, 'gateway', 'relay-ended', { ...TANAKA, desktop: PC, session: S1, code: 'ENDED', seconds: 3_600 });
  at(63.5, 'agent', 'session-ended', { ...TANAKA, desktop: PC, session: S1, reason: 'ENDED_BY_USER' });
  at(63.5, 'broker', 'session-ended', { session: S1, code: 'ENDED' });
  // Only the agent knows it: the gateway's log would say so if it had been there.
  at(70, 'agent', 'session-started', { ...TANAKA, desktop: PC, session: S2 });
  at(75, 'agent', 'session-ended', { ...TANAKA, desktop: PC, session: S2, reason: 'LEASE_EXPIRED' });
  // Past midnight in Japan, in another municipality, and never ended.
  at(16 * 60, 'gateway', 'sign-in-succeeded', { ...SATO, factors: ['mtls', 'hwk', 'user'], address });
  at(16 * 60 + 1, 'gateway', 'desktop-opened', { ...SATO, desktop: '132012/kikaku/pc', session: S3, mode: 'open' });
  at(16 * 60 + 2, 'gateway', 'relay-started', { ...SATO, desktop: '132012/kikaku/pc', session: S3 });

  // Names that would be formulas, lines, commands to a terminal, or the other way round.
  const evil = [
    '=HYPERLINK("https://example.jp","見る")',
    '＝1+1',
    '+81',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '"=1',
    'a\r\nb',
    '\u001b[2J',
    '\u202eabc',
    'a\u2028b',
  ];
  for (const [index, user] of evil.entries()) {
    at(100 + index, 'gateway', 'open-refused', {
      reason: 'ENTITLEMENT_MISSING',
      municipality: '131016',
      user,
      detail: user,
    });
  }
  at(120, 'gateway', 'certificate-refused', { reason: 'CERTIFICATE_REVOKED', serial: '0A1B', address, detail: 'gone' });
  at(121, 'gateway', 'certificate-refused', { reason: 'CERTIFICATE_EXPIRED', address });
  at(122, 'gateway', 'user-disabled', { ...TANAKA, by: 'yamada' });
  at(122, 'gateway', 'session-revoked', { ...TANAKA, session: S1, desktop: PC, reason: 'USER_DISABLED' });
  at(123, 'gateway', 'entitlement-withdrawn', { ...TANAKA, desktop: PC, by: 'yamada' });
  at(124, 'agent', 'pairing-revoked', { ...TANAKA, desktop: PC, by: 'local', devices: 2 });
  at(125, 'gateway', 'factor-removed', { ...TANAKA, factor: 'totp', by: 'yamada' });
  at(126, 'gateway', 'administrator-disabled', { name: 'honda', by: 'local' });

  const policyBefore = JSON.stringify(POLICY);
  const stricter = { ...POLICY, secondFactors: ['webauthn'], idleSeconds: 600 };
  const looser = { ...stricter, idleSeconds: 900 };
  at(130, 'gateway', 'policy-changed', {
    ...{ municipality: '131016', policy: JSON.stringify(stricter), policyBefore, by: 'yamada' },
  });
  const change = {
    municipality: '131016',
    change: 'c1',
    policy: JSON.stringify(looser),
    policyBefore: JSON.stringify(stricter),
  };
  at(131, 'gateway', 'policy-change-held', { ...change, by: 'yamada' });
  at(132, 'gateway', 'policy-changed', { ...change, by: 'honda', askedBy: 'yamada' });
  at(133, 'gateway', 'policy-change-withdrawn', { municipality: '131016', change: 'c2', by: 'honda' });
  at(134, 'gateway', 'policy-changed', { municipality: '131016', policy: '{"cut', policyBefore, by: 'yamada' });
  minute = 17 * 60;
  for (const log of Object.values(logs)) log.close();
  return { gateway: join(folder, 'gateway'), broker: join(folder, 'broker'), agent: join(folder, 'agent') };
}
