import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meterCsv, meterReport, meterText } from '#broker/meter-report.ts';
import type { Usage } from '#broker/usage.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/metering.md'), 'utf8');

/** Assumed: 20 working days of 6 hours; 40, 15 and 3 people at 120 kbit/s outward and 6 kbit/s inward. */
function assumed(people: number): Usage {
  const seconds = people * 20 * 6 * 3_600;
  const traffic = (kilobits: number, overhead: number) => ({
    payloadBytes: (seconds * kilobits * 1_000) / 8,
    wireBytes: Math.round(((seconds * kilobits * 1_000) / 8) * overhead),
  });
  return { sessions: people * 20, sessionMs: seconds * 1_000, inward: traffic(6, 2.4), outward: traffic(120, 1.05) };
}

const EXAMPLE = meterReport(
  { tier: '10Mbps', rates: { basicYen: 10_000, perGigabyteYen: 80, perSessionMinuteYen: 0.2 } },
  new Map([
    [
      '2026-11',
      new Map([
        ['011002', assumed(40)],
        ['131016', assumed(15)],
        ['999999', assumed(3)],
      ]),
    ],
  ]),
);

describe('the report of the meter', () => {
  it('is what docs/metering.md shows', () => {
    expect(page).toContain(`\`\`\`\n${meterText(EXAMPLE)}\n\`\`\``);
    expect(page).toContain(`\`\`\`\n${meterCsv(EXAMPLE).replaceAll('\r\n', '\n')}\`\`\``);
  });

  it('bills by the rates that it shows', () => {
    // 40 people: 288,000 minutes × 0.2 + 305.6… GB × 80 + 10,000
    const [first] = EXAMPLE.rows;
    const gigabytes = ((first?.inward.wireBytes ?? 0) + (first?.outward.wireBytes ?? 0)) / 1e9;
    expect(first?.sessionMinutes).toBe(288_000);
    expect(first?.usageYen).toBe(Math.round(10_000 + 80 * gigabytes + 0.2 * 288_000));
  });

  it('leaves the charge open when none is configured', () => {
    const report = meterReport(
      { tier: '1Gbps', rates: null },
      new Map([['2026-11', new Map([['131016', assumed(1)]])]]),
    );
    expect(report.rows[0]?.usageYen).toBeNull();
    expect(meterCsv(report)).toMatch(/,\r\n$/);
    expect(meterText(report)).toContain('No usage rates are configured');
    expect(meterText(report)).toContain('No reduced fee');
  });

  it('is a CSV that reads back to the same numbers, whatever they are', () => {
    const count = fc.integer({ min: 0, max: 2 ** 51 });
    const traffic = fc.record({ payloadBytes: count, wireBytes: count });
    const usage = fc.record({ sessions: count, sessionMs: count, inward: traffic, outward: traffic });
    fc.assert(
      fc.property(usage, (used) => {
        const csv = meterCsv(
          meterReport({ tier: '10Mbps', rates: null }, new Map([['2026-11', new Map([['131016', used]])]])),
        );
        const [header = '', line = '', ...rest] = csv.split('\r\n');
        expect(rest).toEqual(['']);
        const cells = line.split(',');
        expect(cells).toHaveLength(header.split(',').length);
        const [, , sessions, , inPayload, inWire, outPayload, outWire] = cells.map(Number);
        expect({ sessions, inPayload, inWire, outPayload, outWire }).toEqual({
          sessions: used.sessions,
          inPayload: used.inward.payloadBytes,
          inWire: used.inward.wireBytes,
          outPayload: used.outward.payloadBytes,
          outWire: used.outward.wireBytes,
        });
      }),
    );
  });
});
