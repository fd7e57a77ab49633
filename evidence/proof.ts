// A proof of one claim: `collect` gathers observations from the running thing, `judge` decides on nothing but them. So a
// test can feed the judge what a broken system would show, and see it say fail.
import type { Both } from '#lab/report/markup.ts';
import type { RequirementId } from './requirements.ts';

/** What a person reads, in both languages. */
export type Said = Readonly<Both>;

/** Something of this machine without which a proof cannot run; it is told with `why` then, and never counted as passed. */
export type Need =
  /** network namespaces, captures, another process's memory */
  | 'root'
  /** `program` on the PATH; `package` is what Debian calls it */
  | { readonly program: string; readonly package: string };

export interface Judgement {
  readonly result: 'pass' | 'fail';
  /** What was seen, with the figures: one or two sentences. */
  readonly seen: Said;
}

export interface Proof<Observations> {
  /** In the report and in --only, for example "c1-internet". Lower case, unique. */
  readonly name: string;
  /** Whose row it stands in; the first is the one it is mainly for. */
  readonly requirements: readonly [RequirementId, ...RequirementId[]];
  readonly claim: Said;
  readonly tried: Said;
  readonly needs: readonly Need[];
  /**
   * @returns plain data, JSON without loss: it is kept as an artefact, too
   * @throws NotRun where the machine cannot do it; any other error counts as failed, for a broken observation proves nothing
   */
  collect(run: Run): Promise<Observations>;
  /** Pure. */
  judge(seen: Observations): Judgement;
}

/** What a proof may use while it collects. */
export interface Run {
  /** An empty folder of mode 0700 for this proof's raw artefacts; what lies in it afterwards is named in the report. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** @param share 0 to 1 of this proof */
  progress(share: number, what: string): void;
  /** A set-up that several proofs share: made at the first use, taken down at the end of the run. */
  stage<T>(stage: Stage<T>): Promise<T>;
}

/** Several proofs' common ground, such as a system that runs in its namespaces. Known by its identity. */
export interface Stage<T> {
  readonly name: string;
  /** @param folder empty, private, removed with the stage */
  up(folder: string, signal: AbortSignal): Promise<T>;
  down(stage: T): Promise<void>;
}

/** This machine cannot do it. */
export class NotRun extends Error {
  readonly why: Said;

  constructor(why: Said) {
    super(why.en);
    this.why = why;
  }
}

/** A proof whose observations only itself knows. */
export type AnyProof = Omit<Proof<never>, 'collect' | 'judge'> & {
  collect(run: Run): Promise<unknown>;
  judge(seen: unknown): Judgement;
};

/** Puts a proof into a list of proofs. */
export function listed<O>(proof: Proof<O>): AnyProof {
  return { ...proof, judge: (seen) => proof.judge(seen as O) };
}
