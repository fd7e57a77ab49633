import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVENTS } from '#platform/audit/events.ts';
import { FIELDS } from '#platform/audit/fields.ts';
import { type Line, NO_DIGEST, openLine, sealLine } from '#platform/audit/line.ts';
import { MESSAGE_MAX_BYTES, syslogFrame } from '#platform/audit/syslog/message.ts';

const TIME = '2026-04-01T00:00:01.500Z';

function event(name: string, fields: Record<string, unknown>, source = 'gateway/gw-1'): { line: Line; bytes: Buffer } {
  const content = { time: TIME, source, event: name, fields };
  const bytes = Buffer.from(sealLine({ sequence: 6, digest: NO_DIGEST }, content).line.slice(0, -1));
  const line = openLine(bytes);
  if (!line) throw new Error('the line cannot be read');
  return { line, bytes };
}

/** A reader of its own: MSG-LEN, then that many bytes, then nothing. */
function messageIn(frame: Buffer): Buffer {
  const space = frame.indexOf(0x20);
  const message = frame.subarray(space + 1);
  expect(frame.toString('latin1', 0, space)).toBe(String(message.length));
  return message;
}

describe('an event as a syslog message', () => {
  it('is, byte for byte, what RFC 5424 and RFC 5425 say', () => {
    const { line, bytes } = event('sign-in-refused', { reason: 'TOTP_WRONG', user: '田中' });
    const message = messageIn(syslogFrame(line, bytes, 'gw.example.jp'));
    const header = `<108>1 ${TIME} gw.example.jp telework-gateway - sign-in-refused - `;
    expect(message.toString('latin1', 0, header.length)).toBe(header);
    expect(message.subarray(header.length, header.length + 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
    expect(message.subarray(header.length + 3)).toEqual(bytes);
  });

  it.each([
    ['session-started', 6],
    ['checkpoint', 6],
    ['certificate-refused', 4],
    ['session-revoked', 4],
    ['bypass-attempt', 4],
    ['events-lost', 1],
    ['shipping-overdue', 1],
  ])('of %s has severity %i of the facility "log audit"', (name, severity) => {
    const { line, bytes } = event(name, {});
    expect(messageIn(syslogFrame(line, bytes, 'h')).toString()).toMatch(new RegExp(`^<${13 * 8 + severity}>1 `));
  });

  it('names a host that has no printable name all the same', () => {
    const { line, bytes } = event('checkpoint', {}, 'agent/131016/soumu');
    expect(messageIn(syslogFrame(line, bytes, '')).toString()).toContain(`${TIME} - telework-agent - checkpoint - `);
    expect(messageIn(syslogFrame(line, bytes, 'a b\n市')).toString()).toContain(`${TIME} a?b?? telework-agent `);
    expect(messageIn(syslogFrame(line, bytes, 'h'.repeat(300))).toString()).toContain(` ${'h'.repeat(255)} `);
  });

  it('stays one message in one frame whatever a name holds (G6)', () => {
    const nasty = fc.string({
      unit: fc.constantFrom(
        '\r',
        '\n',
        '\u001b[2J',
        '\u202e',
        '\u2028',
        ' ',
        '<13>1',
        'é',
        '7 ',
        '\ufeff',
        '\u0000',
        '"',
      ),
    });
    fc.assert(
      fc.property(nasty, nasty, (user, detail) => {
        const { line, bytes } = event('sign-in-refused', { reason: 'USER_UNKNOWN', user, detail });
        const message = messageIn(syslogFrame(line, bytes, 'h'));
        const begin = message.indexOf('\ufeff{') + 3;
        expect(message.toString('utf8')).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        expect(openLine(message.subarray(begin))).toMatchObject({ fields: { user, detail } });
      }),
    );
  });

  it('is short enough for every receiver, at the longest that an event can be', () => {
    // JSON writes a control character as six bytes: no text of that length becomes longer.
    const longest = (field: keyof typeof FIELDS) => {
      const { schema } = FIELDS[field];
      const text = schema.safeParse('\u0001'.repeat(1_000));
      if (text.success) return text.data;
      return schema.safeParse(Number.MAX_SAFE_INTEGER).success ? Number.MAX_SAFE_INTEGER : '\u0001'.repeat(64);
    };
    for (const [name, { must, may }] of Object.entries(EVENTS)) {
      const fields = Object.fromEntries([...must, ...may].map((field) => [field, longest(field)]));
      const { line, bytes } = event(name, fields, 'agent/131016/abcdefghijklmnopqrstuvwxyz012345');
      const message = messageIn(syslogFrame(line, bytes, 'h'.repeat(255)));
      expect(message.length, name).toBeLessThanOrEqual(MESSAGE_MAX_BYTES);
      expect(name.length).toBeLessThanOrEqual(32);
    }
  });
});
