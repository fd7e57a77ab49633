// What became of each proof, and of each requirement by them.
import type { AnyProof, Said } from './proof.ts';
import { REQUIREMENTS, type RequirementId } from './requirements.ts';

export type Result = 'pass' | 'fail' | 'not-run';

/** One proof, run or not. */
export interface Outcome {
  readonly proof: Pick<AnyProof, 'name' | 'requirements' | 'claim' | 'tried'>;
  readonly result: Result;
  /** What was seen; or why it broke or could not run. */
  readonly seen: Said;
  readonly seconds: number;
  /** Relative to the report's folder. */
  readonly artefacts: readonly string[];
}

/** One requirement. */
export interface Row {
  readonly id: RequirementId;
  readonly requirement: Said;
  readonly result: Result;
  readonly outcomes: readonly [Outcome, ...Outcome[]];
}

/** A row fails with one proof of it, could not run with one, and passes with all. */
export function rowsOf(outcomes: readonly Outcome[], wanted: (id: RequirementId) => boolean): Row[] {
  const ids = Object.keys(REQUIREMENTS) as RequirementId[];
  return ids.filter(wanted).flatMap((id) => {
    const [first, ...others] = outcomes.filter(({ proof }) => proof.requirements.includes(id));
    if (!first) return [];
    const own: Row['outcomes'] = [first, ...others];
    return [{ id, requirement: REQUIREMENTS[id], result: worst(own), outcomes: own }];
  });
}

export function worst(of: readonly { result: Result }[]): Result {
  const results = of.map(({ result }) => result);
  if (results.includes('fail')) return 'fail';
  return results.includes('not-run') ? 'not-run' : 'pass';
}
