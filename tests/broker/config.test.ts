import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readBrokerConfig } from '#broker/config.ts';

const folder = mkdtempSync(join(tmpdir(), 'telework-broker-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const deployed = JSON.parse(readFileSync('deploy/broker.json', 'utf8'));

function lineOf(line: unknown) {
  const path = join(folder, 'broker.json');
  writeFileSync(path, JSON.stringify({ ...deployed, line }));
  return readBrokerConfig(path).line;
}

const half = { guarantee: 0.5, ceiling: 1 };

describe('the line in broker.json', () => {
  it('is what deploy/broker.json says', () => {
    expect(lineOf(deployed.line)).toEqual(deployed.line);
  });

  it('names the tier at least; nobody has a guarantee then and everybody may have all of it', () => {
    expect(lineOf({ tier: '10Mbps' })).toEqual({ tier: '10Mbps', municipalities: {}, others: { ceiling: 1 } });
  });

  it('may give away the whole of it, in parts that do not add up exactly in binary', () => {
    const tenths = Array.from({ length: 10 }, (_, i) => [`13101${i}`, { guarantee: 0.1, ceiling: 1 }]);
    expect(lineOf({ tier: '1Gbps', municipalities: Object.fromEntries(tenths) }).tier).toBe('1Gbps');
  });

  it.each<[string, unknown, RegExp]>([
    ['that is missing', undefined, /"line" is missing$/],
    ['without a tier', {}, /"line\.tier": a tier is one of 10Mbps, 50Mbps, .*, 1Gbps$/],
    ['of an unknown tier', { tier: '20Mbps' }, /"line\.tier": a tier is one of 10Mbps, 50Mbps, .*, 1Gbps$/],
    [
      'given away twice',
      { tier: '10Mbps', municipalities: { '131016': half, '131024': { guarantee: 0.6, ceiling: 1 } } },
      /"line\.municipalities": the guarantees add up to more than 1, the whole line$/,
    ],
    [
      'of a municipality that is none',
      { tier: '10Mbps', municipalities: { tokyo: half } },
      /"line\.municipalities\.tokyo": a municipality is six digits$/,
    ],
    [
      'with a guarantee above the ceiling',
      { tier: '10Mbps', municipalities: { '131016': { guarantee: 0.5, ceiling: 0.4 } } },
      /"line\.municipalities\.131016": the guarantee is above the ceiling$/,
    ],
    [
      'with a share above 100 %',
      { tier: '10Mbps', municipalities: { '131016': { guarantee: 0, ceiling: 1.5 } } },
      /"line\.municipalities\.131016\.ceiling": /,
    ],
    [
      'with a share that is no share',
      { tier: '10Mbps', municipalities: { '131016': { guarantee: -0.1, ceiling: 1 } } },
      /"line\.municipalities\.131016\.guarantee": /,
    ],
    ['that shuts somebody out', { tier: '10Mbps', others: { ceiling: 0 } }, /"line\.others\.ceiling": /],
    [
      'with a guarantee for nobody knows how many',
      { tier: '10Mbps', others: half },
      /unknown key "line\.others\.guarantee"$/,
    ],
  ])('%s is refused by the key', (_, line, message) => {
    expect(() => lineOf(line)).toThrow(message);
  });
});

describe('the limits in broker.json', () => {
  function limitsOf(limits: unknown) {
    const path = join(folder, 'broker.json');
    writeFileSync(path, JSON.stringify({ ...deployed, limits }));
    return readBrokerConfig(path).limits;
  }

  it('are those of AAL3 if nothing is said, and may be stricter', () => {
    expect(limitsOf(undefined)).toEqual({ idleSeconds: 900, overallSeconds: 43_200 });
    expect(limitsOf({ idleSeconds: 300 })).toEqual({ idleSeconds: 300, overallSeconds: 43_200 });
  });

  it.each([{ idleSeconds: 901 }, { overallSeconds: 43_201 }, { idleSeconds: 0 }, { idle: 1 }])(
    'are never %j',
    (bad) => {
      expect(() => limitsOf(bad)).toThrow(/"limits/);
    },
  );
});
