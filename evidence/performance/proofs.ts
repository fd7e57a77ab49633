import { type AnyProof, listed } from '../proof.ts';
import { lineKept } from './line-kept.ts';
import { littleLatency } from './little-latency.ts';

export const performanceProofs: readonly AnyProof[] = [listed(lineKept), listed(littleLatency)];
