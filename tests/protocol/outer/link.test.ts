import { describe, expect, it } from 'vitest';
import { DESKTOPS_PER_AGENT_MAX, GRANT_MAX_BYTES, LINK_MESSAGE_MAX_BYTES } from '#protocol/limits.ts';
import {
  type FromAgent,
  type FromGateway,
  parseFromAgent,
  parseFromGateway,
  parseToAgent,
  parseToGateway,
  type ToAgent,
  type ToGateway,
} from '#protocol/outer/link.ts';
import { parsePairedMessage, parseSessionMessage, parseTicketMessage } from '#protocol/outer/ticket.ts';

const session = '0'.repeat(32);
const desktop = '131016/office/desk-1';
const anchor = { type: 'anchor', source: 'agent/office', sequence: 7, digest: 'a'.repeat(64) } as const;
const nonce = { type: 'nonce', session, nonce: 'A'.repeat(22) } as const;
const ended = { type: 'ended', session, code: 'IDLE' } as const;
const lease = { type: 'lease', session, lease: 'a.b.c' } as const;
const revoke = { type: 'revoke', session, code: 'RIGHTS_ENDED' } as const;
const offer = { type: 'offer', session, grant: 'a.b.c' } as const;
const open = { type: 'open', session, desktop, grant: 'a.b.c' } as const;
const agentPresence = { type: 'presence', desktops: [desktop] } as const;
const brokerPresence = { type: 'presence', agent: '131016/office', desktops: [] } as const;

const links: { name: string; parse(text: string): FromAgent | ToAgent | FromGateway | ToGateway; says: object[] }[] = [
  { name: 'agent → broker', parse: parseFromAgent, says: [agentPresence, nonce, ended, anchor] },
  { name: 'broker → agent', parse: parseToAgent, says: [offer, lease, revoke, anchor] },
  { name: 'gateway → broker', parse: parseFromGateway, says: [open, lease, revoke, anchor] },
  { name: 'broker → gateway', parse: parseToGateway, says: [brokerPresence, nonce, ended, anchor] },
];
const all = [...new Set(links.flatMap((link) => link.says))];

describe.each(links)('$name', ({ parse, says }) => {
  it('takes its own messages and no other link’s', () => {
    for (const message of all) {
      const text = JSON.stringify(message);
      if (says.includes(message)) expect(parse(text)).toEqual(message);
      else expect(() => parse(text)).toThrow('MALFORMED');
    }
  });

  it('takes no field too many: there is no place for an address (T08)', () => {
    for (const message of says) {
      for (const field of ['address', 'host', 'port', 'url', 'target']) {
        expect(() => parse(JSON.stringify({ ...message, [field]: '10.0.0.1' }))).toThrow('MALFORMED');
      }
    }
  });

  it('takes no field too few, and none of another type', () => {
    for (const message of says) {
      for (const field of Object.keys(message)) {
        const { [field as never]: _, ...rest } = message;
        expect(() => parse(JSON.stringify(rest))).toThrow('MALFORMED');
        for (const value of [null, -1.5, {}, true, 'X x'.repeat(1200)]) {
          expect(() => parse(JSON.stringify({ ...message, [field]: value })), field).toThrow('MALFORMED');
        }
      }
    }
  });

  it.each(['', '{', 'null', '[]', '1', '"offer"', '{"type":"__proto__"}', '{"__proto__":{"type":"offer"}}'])(
    'refuses %s',
    (text) => expect(() => parse(text)).toThrow('MALFORMED'),
  );

  it('is bounded before it is parsed, and never repeats what it refused', () => {
    expect(() => parse(' '.repeat(LINK_MESSAGE_MAX_BYTES + 1))).toThrow('characters');
    expect(() => parse(JSON.stringify({ type: 'secret-text' }))).toThrow(/^(?!.*secret-text).*$/);
  });
});

describe('bounds inside messages', () => {
  it('holds lists and grants to their limits', () => {
    const many = Array.from({ length: DESKTOPS_PER_AGENT_MAX + 1 }, (_, i) => `131016/office/desk-${i}`);
    expect(() => parseFromAgent(JSON.stringify({ type: 'presence', desktops: many }))).toThrow('MALFORMED');
    const long = JSON.stringify({ ...open, grant: 'g'.repeat(GRANT_MAX_BYTES + 1) });
    expect(() => parseFromGateway(long)).toThrow('MALFORMED');
  });
});

describe('the first messages of a data WebSocket', () => {
  const ticket = 'A'.repeat(43);

  it('are three, each with its own parser', () => {
    expect(parseTicketMessage(JSON.stringify({ type: 'ticket', ticket }))).toEqual({ type: 'ticket', ticket });
    expect(parseSessionMessage(JSON.stringify({ type: 'session', session }))).toEqual({ type: 'session', session });
    expect(parsePairedMessage(JSON.stringify({ type: 'paired', session }))).toEqual({ type: 'paired', session });
  });

  it.each([
    ['another type', { type: 'paired', ticket }],
    ['a short ticket', { type: 'ticket', ticket: 'A'.repeat(42) }],
    ['a ticket with a dot', { type: 'ticket', ticket: `${'A'.repeat(42)}.` }],
    ['a field too many', { type: 'ticket', ticket, session }],
  ])('are refused with %s', (_, message) => {
    expect(() => parseTicketMessage(JSON.stringify(message))).toThrow('MALFORMED');
  });

  it('are bounded before they are parsed', () => {
    expect(() => parseSessionMessage(`${JSON.stringify({ type: 'session', session })}${' '.repeat(300)}`)).toThrow(
      'MALFORMED',
    );
  });
});
