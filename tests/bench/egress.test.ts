import { expect, it } from 'vitest';
import { sentBytesIn } from '#bench/egress.ts';

it('adds up what left towards the gateways, over all municipalities, and nothing else', () => {
  const text = [
    '# HELP telework_line_sent_bytes_total Wire bytes',
    '# TYPE telework_line_sent_bytes_total counter',
    'telework_line_sent_bytes_total{municipality="999999",direction="outward"} 1200',
    'telework_line_sent_bytes_total{direction="outward",municipality="999998"} 1.5e+3',
    'telework_line_sent_bytes_total{municipality="999999",direction="inward"} 77',
    'telework_line_arrived_bytes_total{municipality="999999",direction="outward"} 9999',
  ].join('\n');
  expect(sentBytesIn(text)).toBe(2_700);
  expect(sentBytesIn('')).toBe(0);
});
