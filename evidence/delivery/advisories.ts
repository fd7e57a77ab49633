// J2: the scan finds a vulnerable package without a network, and the promised times, limits and addresses are written down.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run as runCommand } from '#lab/process.ts';
import type { Judgement, Proof } from '../proof.ts';
import { verdict } from './verdict.ts';

const SEVERITIES = ['critical', 'high', 'medium', 'low'];
/** A package of the product, whatever its version. */
const KNOWN = 'ws';

export interface HandlingSeen {
  /** Severity → days: first answer, patch, word to the municipalities. */
  readonly days: Readonly<Record<string, readonly number[]>>;
  readonly packages: number;
  /** Exit codes, and how many hits, for three folders of advisories. */
  readonly scans: Readonly<Record<'hits' | 'fixed' | 'empty', { readonly code: number; readonly hits: number }>>;
}

export const vulnerabilityHandling: Proof<HandlingSeen> = {
  name: 'j2-vulnerabilities',
  requirements: ['J2'],
  claim: {
    ja: '脆弱性への対応の期限が書かれており、ネットワークなしで依存パッケージを診断できる',
    en: 'times for handling vulnerabilities are written down, and packages can be scanned without a network',
  },
  tried: {
    ja: '手順書の期限を読み、診断のコマンドに作りものの情報(当たるもの、修正済みのもの、空)を与えた。実在の脆弱性データベースとの照合は、この報告では行っていない',
    en: 'read the times, and gave the scan advisories made up for it: one that hits, one that is fixed, none at all. No real database of advisories was looked at in this run',
  },
  needs: [],
  async collect(run) {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages[
      `node_modules/${KNOWN}`
    ];
    const scan = async (name: string, events: readonly object[] | null) => {
      const from = join(run.folder, name);
      mkdirSync(from);
      if (events) writeFileSync(join(from, 'TEST-1.json'), JSON.stringify(advisory(events)));
      const ended = await runCommand('scripts/advisories.mjs', ['--from', from, '--json'], { signal: run.signal });
      const said = ended.stdout ? JSON.parse(ended.stdout) : { packages: 0, hits: [] };
      return { code: ended.code, hits: said.hits.length as number, packages: said.packages as number };
    };
    const hits = await scan('hits', [{ introduced: '0.0.1' }, { fixed: '999.0.0' }]);
    const fixed = await scan('fixed', [{ introduced: '0' }, { fixed: version }]);
    const empty = await scan('empty', null);
    return {
      days: daysOf(readFileSync(join(ROOT, 'docs/vulnerability-handling.md'), 'utf8')),
      packages: hits.packages,
      scans: { hits, fixed, empty },
    };
  },
  judge: judgeHandling,
};

function advisory(events: readonly object[]): object {
  return {
    ...{ id: 'TEST-1', modified: '2026-01-01T00:00:00Z', summary: 'made up for this run' },
    affected: [{ package: { ecosystem: 'npm', name: KNOWN }, ranges: [{ type: 'SEMVER', events }] }],
  };
}

/** From the rows "| critical | what | 1 | 2 | 1 |". */
export function daysOf(text: string): Record<string, number[]> {
  const rows = text.matchAll(/^\| (\w+) \| [^|]+ \| (\d+) \| (\d+) \| ([^|]+) \|$/gm);
  return Object.fromEntries(
    [...rows].map(([, severity = '', ...cells]) => [
      severity,
      cells.map((cell) => Number.parseInt(cell as string, 10)),
    ]),
  );
}

export function judgeHandling({ days, packages, scans }: HandlingSeen): Judgement {
  const rising = SEVERITIES.map((severity) => days[severity]?.[1] ?? Number.NaN);
  const wrong = [
    ...SEVERITIES.filter((severity) => !days[severity]).map((severity) => `no times for ${severity}`),
    ...(rising.every((patch, i) => i === 0 || patch > (rising[i - 1] as number))
      ? []
      : ['what is worse is not patched sooner']),
    ...(packages > 0 ? [] : ['no package was looked at']),
    ...(scans.hits.code === 1 && scans.hits.hits > 0 ? [] : ['a vulnerable package is not found']),
    ...(scans.fixed.code === 0 && scans.fixed.hits === 0 ? [] : ['a fixed package is reported']),
    ...(scans.empty.code === 3 ? [] : ['no advisories at all pass for a clean result']),
  ];
  return verdict(wrong, {
    ja: `修正の期限は重大度順に ${rising.join('、')} 日。診断は ${packages} パッケージを見て、当たるものだけを見つけた`,
    en: `patches within ${rising.join(', ')} days by severity; the scan looked at ${packages} packages and found what was vulnerable and nothing else`,
  });
}
