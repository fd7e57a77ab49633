import { tmpdir } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { headline } from '#bench/answer.ts';
import { readArguments } from '#bench/arguments.ts';
import { reportSchema } from '#bench/result.ts';
import { runBench } from '#bench/run.ts';

describe('a scenario that this machine cannot run', () => {
  afterEach(() => vi.restoreAllMocks());
  const args = readArguments(['--scenario', 'network', '--out', tmpdir()]);
  const progress = { at: () => {}, done: () => {} };
  const run = () => runBench(args, new AbortController().signal, 'npm run bench', progress);

  it.skipIf(process.platform !== 'linux')(
    'is not run, with the reason, and the report is whole all the same',
    async () => {
      vi.spyOn(process, 'getuid').mockReturnValue(1_000);
      const report = reportSchema.parse(await run());
      expect(report).toMatchObject({ partial: null, scenarios: [] });
      expect(report.notRun).toEqual([{ scenario: 'network', because: 'network namespaces need root' }]);
      expect(headline(report, [])).toContain('network: 測定できませんでした / not run: network namespaces need root');
    },
  );

  it('is told by the name of the system where there are no namespaces at all', async () => {
    vi.spyOn(process, 'platform', 'get').mockReturnValue('darwin');
    expect((await run()).notRun).toEqual([{ scenario: 'network', because: 'network namespaces need Linux' }]);
  });
});
