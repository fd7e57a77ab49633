import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessionLog, ZONES } from '#platform/audit/compare.ts';
import { verifyLog } from '#platform/audit/verify.ts';

const verify = (bytes: Uint8Array, onLine = () => {}) =>
  verifyLog([{ name: 'log', chunks: [bytes] }], { whole: 'all', onLine });

/** A line of the right form and digest, that says anything: whoever can write the file can write this. */
function sealed(content: object): string {
  const open = JSON.stringify(content).slice(0, -1);
  return `${open},"digest":"${createHash('sha256').update(open).digest('hex')}"}\n`;
}

const key = fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9_-]{122}$/), fc.integer(), fc.constant(null));
const line = fc
  .record({
    sequence: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.maxSafeNat()),
    time: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    source: fc.constantFrom('broker', 'agent/131016/a', 'x\ny'),
    event: fc.constantFrom(
      'signing-started',
      'checkpoint',
      'log-continued',
      'log-removed',
      'anchor',
      'session-started',
    ),
    fields: fc.oneof(
      fc.record({ next: key, signature: key, sequence: key, digest: key, session: key, desktop: key }),
      fc.dictionary(fc.string(), fc.anything({ withBigInt: false })),
    ),
    previous: fc.constantFrom('0'.repeat(64), 'a'.repeat(64)),
  })
  .map(sealed);

describe('the verifier', () => {
  it('takes any bytes for what they are, and never breaks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        const { intact, problems } = await verify(bytes);
        expect(intact).toBe(false);
        expect(problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });

  it('takes lines that say anything, with digests that fit, and so does the comparison', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 6 }), async (lines) => {
        const logs = ZONES.map((zone) => new SessionLog(zone));
        const { events } = await verifyLog([{ name: 'log', chunks: [Buffer.from(lines.join(''))] }], {
          onLine: (one) => {
            for (const log of logs) log.add(one);
          },
        });
        expect(events).toBe(lines.length);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses a line that is too long, and tells no more than twenty problems', async () => {
    const long = Buffer.alloc(64 * 1024, 'x');
    const { problems } = await verifyLog([{ name: 'log', chunks: Array.from({ length: 64 }, () => long) }]);
    expect(problems.map(({ problem }) => problem)).toEqual([
      'the last line has no end',
      'changed: the digest does not fit the line',
      'no event could be read',
    ]);
    const many = await verify(Buffer.from('x\n'.repeat(1_000)));
    expect(many).toMatchObject({ events: 1_000, intact: false });
    expect(many.problems).toHaveLength(20);
  });
});
