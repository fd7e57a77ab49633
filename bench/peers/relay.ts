// Scenario 7: what one relay hop costs beside its peers. One source, one sink, the same records for all; the relay alone
// on a core; CPU from the kernel's books.
import { Failure, lineOf } from '#platform/process/exit.ts';
import type { RelayResult } from '../result.ts';
import { accountingIsThere } from './accounting.ts';
import { haproxy } from './haproxy.ts';
import { meshcentral } from './meshcentral.ts';
import { nginxStream, nginxWebSocket } from './nginx.ts';
import { Missing, type Peer, type StartedRelay } from './peer.ts';
import { DIRECT, FULL, planOf, RESIDENCE_TIER, type Step, type Timing } from './plan.ts';
import { Stage } from './stage.ts';
import { type PeerFacts, type Run, summarise } from './summary.ts';
import { type OurStartedRelay, us } from './us.ts';
import { websockify } from './websockify.ts';
import { ws } from './ws.ts';

const OTHERS: readonly Peer[] = [nginxStream, haproxy, nginxWebSocket, ws, websockify, meshcentral];
export const PEERS: readonly Peer[] = [us, ...OTHERS];

export interface RelayOptions {
  timing?: Timing;
  /** @param done 0 to 1 */
  progress?(done: number, what: string): void;
  /** Ends it; what was measured so far is returned. */
  signal?: AbortSignal;
}

interface Found {
  /** Of every peer, ours first, the missing ones too. */
  facts: PeerFacts[];
  runs: Run[];
  residenceMs: number[];
}

/** @throws Failure if this machine cannot measure at all, Error if our own relay fails; a peer that does is named missing */
export async function measureRelay({ timing = FULL, progress, signal }: RelayOptions = {}): Promise<RelayResult> {
  if (!accountingIsThere()) {
    throw new Failure('the relay scenario needs the accounting of Linux (/proc/PID/schedstat)', 3);
  }
  const found: Found = { facts: [], runs: [], residenceMs: [] };
  const stage = new Stage();
  const abort = () => void stage.stop();
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();
  try {
    progress?.(0, 'certificates');
    await stage.setUp();
    const ours = await stage.start(us);
    found.facts.push(factsOf(us, null));
    const relays = new Map<string, StartedRelay>([[us.id, ours]]);
    progress?.(0, OTHERS.map(({ title }) => title).join(', '));
    found.facts.push(...(await Promise.all(OTHERS.map((peer) => tryPeer(peer, stage, relays)))));
    const there = found.facts.filter(({ id }) => relays.has(id)).map(({ id }) => id);
    const steps = planOf(there, timing);
    for (const [index, step] of steps.entries()) {
      progress?.(index / steps.length, `${step.peer} ${step.load}`);
      await runStep(step, stage, ours, relays, timing, found);
    }
  } catch (error) {
    // The processes were ended under the run that was going on; the runs before it hold.
    if (!signal?.aborted) throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
    await stage.stop();
  }
  return summarise(found.facts, found.runs, found.residenceMs, timing);
}

/** A peer that fails is left out from here on. @throws Error if we fail ourselves, or the direct way does */
async function runStep(
  step: Step,
  stage: Stage,
  ours: OurStartedRelay,
  relays: Map<string, StartedRelay>,
  timing: Timing,
  { facts, runs, residenceMs }: Found,
): Promise<void> {
  const relay = relays.get(step.peer) ?? null;
  if (!relay && step.peer !== DIRECT) return;
  try {
    const measure = () => stage.measure(step, relay, timing);
    const isWatched = relay === ours && step.load === RESIDENCE_TIER;
    const run = isWatched ? await watched(ours, residenceMs, measure) : await measure();
    if (!step.warmUp) runs.push(run);
  } catch (error) {
    const failed = facts.find(({ id }) => id === step.peer);
    if (!failed || !relay || relay === ours || stage.isStopped) throw error;
    failed.missing = `failed (${step.load}): ${lineOf(error)}`;
    relays.delete(step.peer);
    // Or what it still does would be on the next one's core.
    await relay.stop();
  }
}

async function tryPeer(peer: Peer, stage: Stage, relays: Map<string, StartedRelay>): Promise<PeerFacts> {
  try {
    const facts = factsOf(peer, null);
    relays.set(peer.id, await stage.start(peer));
    return facts;
  } catch (error) {
    return factsOf(peer, error instanceof Missing ? error.message : `did not start: ${lineOf(error)}`);
  }
}

/** @throws Missing unless a reason for its absence is given */
function factsOf(peer: Peer, missing: string | null): PeerFacts {
  const { id, title, note } = peer;
  const { version, openssl } = missing === null ? peer.versions() : { version: null, openssl: null };
  return { id, title, note, version, openssl, missing };
}

async function watched(ours: OurStartedRelay, residenceMs: number[], measure: () => Promise<Run>): Promise<Run> {
  await ours.residence(true);
  const run = await measure();
  residenceMs.push(...(await ours.residence(false)));
  return run;
}
