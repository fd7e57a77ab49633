import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AnyProof, listed, NotRun, type Proof, type Stage } from '#evidence/proof.ts';
import { runProofs } from '#evidence/run.ts';

const said = (en: string) => ({ ja: `「${en}」`, en });
const silent = { at() {}, done() {}, end() {} };

function proof<O>(name: string, over: Pick<Proof<O>, 'collect' | 'judge'> & Partial<Proof<O>>): AnyProof {
  return listed<O>({ name, requirements: ['C1'], claim: said('claim'), tried: said('tried'), needs: [], ...over });
}

const passes = (seen: unknown) => ({ result: 'pass' as const, seen: said(String(seen)) });

describe('a run of proofs', () => {
  let out: string;
  beforeEach(() => {
    out = mkdtempSync(join(tmpdir(), 'tw-evidence-test-'));
  });
  afterEach(() => rmSync(out, { recursive: true, force: true }));

  const run = (proofs: AnyProof[], signal = new AbortController().signal) =>
    runProofs({ topics: [{ name: 't', title: said('t'), proofs }], out, signal, progress: silent });

  it('keeps what was observed and every artefact, and judges by the observations alone', async () => {
    const [outcome] = await run([
      proof('one', {
        collect: async ({ folder }) => {
          writeFileSync(join(folder, 'scan.txt'), 'raw');
          return { open: 0 };
        },
        judge: ({ open }: { open: number }) => passes(open),
      }),
    ]);
    expect(outcome).toMatchObject({ result: 'pass', seen: said('0') });
    expect(outcome?.artefacts).toEqual(['artefacts/one/observations.json', 'artefacts/one/scan.txt']);
    expect(JSON.parse(readFileSync(join(out, 'artefacts/one/observations.json'), 'utf8'))).toEqual({ open: 0 });
  });

  it('fails a proof whose observation breaks, and goes on with the next', async () => {
    const outcomes = await run([
      proof('broken', { collect: () => Promise.reject(new Error('no such file')), judge: passes }),
      proof('sound', { collect: async () => 1, judge: passes }),
    ]);
    expect(outcomes.map(({ result }) => result)).toEqual(['fail', 'pass']);
    expect(outcomes[0]?.seen.en).toContain('no such file');
  });

  it('fails a proof whose judge breaks', async () => {
    const judge = () => {
      throw new TypeError('undefined is no number');
    };
    expect((await run([proof('odd', { collect: async () => 1, judge })]))[0]?.result).toBe('fail');
  });

  it('says not run, never pass, where the machine lacks something', async () => {
    let collected = false;
    const outcomes = await run([
      proof('lacking', {
        needs: [{ program: 'no-such-program', package: 'no-such-package' }],
        collect: async () => (collected = true),
        judge: passes,
      }),
      proof('cannot', { collect: () => Promise.reject(new NotRun(said('no kernel support'))), judge: passes }),
    ]);
    expect(outcomes.map(({ result }) => result)).toEqual(['not-run', 'not-run']);
    expect(outcomes[0]?.seen.en).toContain('apt install no-such-package');
    expect(outcomes[1]?.seen).toEqual(said('no kernel support'));
    expect(collected).toBe(false);
  });

  it('says not run for what was stopped, and starts nothing more', async () => {
    const stopping = new AbortController();
    const outcomes = await run(
      [
        proof('stopped', {
          collect: () => {
            stopping.abort();
            return new Promise(() => {});
          },
          judge: passes,
        }),
        proof('never', { collect: async () => 1, judge: passes }),
      ],
      stopping.signal,
    );
    expect(outcomes.map(({ result }) => result)).toEqual(['not-run', 'not-run']);
    expect(existsSync(join(out, 'artefacts/never'))).toBe(false);
  });

  it('makes a stage once for all proofs of a topic, and takes it down, with its folder, also after a failure', async () => {
    const events: string[] = [];
    let folder = '';
    const stage: Stage<number> = {
      name: 'shared',
      up: async (into) => {
        folder = into;
        events.push('up');
        return 7;
      },
      down: async (made) => void events.push(`down ${made}`),
    };
    const outcomes = await run([
      proof('first', { collect: (one) => one.stage(stage), judge: passes }),
      proof('second', {
        collect: async (one) => {
          await one.stage(stage);
          throw new Error('broken');
        },
        judge: passes,
      }),
    ]);
    expect(outcomes.map(({ result }) => result)).toEqual(['pass', 'fail']);
    expect(events).toEqual(['up', 'down 7']);
    expect(existsSync(folder)).toBe(false);
  });

  it('fails every proof of a stage that could not be made, and tries it once', async () => {
    let tries = 0;
    const stage: Stage<never> = {
      name: 'broken',
      up: async () => {
        tries++;
        throw new Error('port in use');
      },
      down: async () => {},
    };
    const outcomes = await run(
      ['a', 'b'].map((name) => proof(name, { collect: (one) => one.stage(stage), judge: passes })),
    );
    expect(outcomes.map(({ result }) => result)).toEqual(['fail', 'fail']);
    expect(tries).toBe(1);
  });
});
