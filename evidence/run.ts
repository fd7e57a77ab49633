// Runs proofs one after the other, topic by topic; a proof that breaks has failed, and never takes the others with it.
import { readdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunProgress } from '#lab/report/progress.ts';
import { lineOf } from '#platform/process/exit.ts';
import { makePrivateFolder } from '#platform/process/private-folder.ts';
import { lacking } from './needs.ts';
import type { Outcome } from './outcome.ts';
import { type AnyProof, type Judgement, NotRun, type Run, type Said, type Stage } from './proof.ts';
import type { Topic } from './topics.ts';

/** No proof needs half of it; one that hangs must not hold up the report. */
const PROOF_MAX_MS = 240_000;
const TAKE_DOWN_MAX_MS = 30_000;

export interface EvidenceRun {
  readonly topics: readonly Topic[];
  /** Where report and artefacts go; exists. */
  readonly out: string;
  /** Ends the run early: what has not run by then says so. */
  readonly signal: AbortSignal;
  readonly progress: RunProgress;
}

export async function runProofs({ topics, out, signal, progress }: EvidenceRun): Promise<Outcome[]> {
  const all = topics.flatMap(({ proofs }) => proofs).length;
  const outcomes: Outcome[] = [];
  for (const topic of topics) {
    const stages = new Stages(signal);
    for (const proof of topic.proofs) {
      const tell = (share: number, what: string) =>
        progress.at(proof.name, what, (outcomes.length + Math.min(1, share)) / all);
      tell(0, proof.claim.en);
      outcomes.push(await runProof(proof, { out, signal, stages, tell }));
      progress.done(proof.name);
    }
    await stages.down();
  }
  return outcomes;
}

interface Surroundings {
  out: string;
  signal: AbortSignal;
  stages: Stages;
  tell(share: number, what: string): void;
}

async function runProof(proof: AnyProof, { out, signal, stages, tell }: Surroundings): Promise<Outcome> {
  const began = performance.now();
  const folder = join(out, 'artefacts', proof.name);
  const ended = ({ result, seen }: Pick<Outcome, 'result' | 'seen'>): Outcome => ({
    proof,
    result,
    seen,
    seconds: (performance.now() - began) / 1000,
    artefacts: filesBelow(folder).map((path) => relative(out, path)),
  });
  const missing = signal.aborted ? STOPPED : lacking(proof.needs);
  if (missing) return ended({ result: 'not-run', seen: missing });
  makePrivateFolder(folder);
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), PROOF_MAX_MS);
  const both = AbortSignal.any([signal, limit.signal]);
  try {
    const run: Run = { folder, signal: both, progress: tell, stage: (stage) => stages.up(stage) };
    return ended(await judged(proof, run));
  } catch (error) {
    if (error instanceof NotRun) return ended({ result: 'not-run', seen: error.why });
    if (signal.aborted) return ended({ result: 'not-run', seen: STOPPED });
    return ended({ result: 'fail', seen: limit.signal.aborted ? TOOK_TOO_LONG : brokeWith(error) });
  } finally {
    clearTimeout(timer);
  }
}

async function judged(proof: AnyProof, run: Run): Promise<Judgement> {
  const seen = await Promise.race([proof.collect(run), aborted(run.signal)]);
  writeFileSync(join(run.folder, 'observations.json'), `${JSON.stringify(seen, null, 2)}\n`, { mode: 0o600 });
  return proof.judge(seen);
}

function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const stop = () => reject(new Error('stopped'));
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  return promise;
}

const STOPPED: Said = { ja: '途中で止められました', en: 'stopped before it was done' };
const TOOK_TOO_LONG: Said = {
  ja: `${PROOF_MAX_MS / 1000} 秒で終わりませんでした`,
  en: `not done after ${PROOF_MAX_MS / 1000} s`,
};

/** An observation that could not be made proves nothing. */
function brokeWith(error: unknown): Said {
  const line = error instanceof Error && error.constructor === Error ? error.message : lineOf(error);
  return { ja: `観測できませんでした: ${line}`, en: `the observation broke: ${line}` };
}

/** The set-ups of one topic, each made once. */
class Stages {
  readonly #signal: AbortSignal;
  readonly #up = new Map<Stage<unknown>, Promise<unknown>>();
  readonly #takeDown: (() => Promise<void>)[] = [];

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** @throws what the stage threw, for each proof that wanted it */
  up<T>(stage: Stage<T>): Promise<T> {
    const before = this.#up.get(stage) as Promise<T> | undefined;
    const made = before ?? this.#make(stage);
    this.#up.set(stage, made);
    return made;
  }

  async #make<T>(stage: Stage<T>): Promise<T> {
    const folder = await mkdtemp(join(tmpdir(), `tw-evidence-${stage.name}-`));
    this.#takeDown.push(() => rm(folder, { recursive: true, force: true }));
    const made = await stage.up(folder, this.#signal);
    this.#takeDown.push(() => stage.down(made));
    return made;
  }

  /** In the opposite order; one that cannot be taken down, or hangs, does not keep the next one up. */
  async down(): Promise<void> {
    await atMost(TAKE_DOWN_MAX_MS, Promise.allSettled(this.#up.values()));
    for (const takeDown of this.#takeDown.reverse()) await atMost(TAKE_DOWN_MAX_MS, takeDown());
  }
}

/** Whatever becomes of it. */
async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  await Promise.race([work.catch(() => {}), delay(ms, undefined, { ref: false })]);
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch {
    return []; // it never began
  }
}
