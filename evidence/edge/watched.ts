// What is seen of a process while something happens to it: memory, open files, and the time of the witnesses' keys.
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { rssOf } from '#bench/processes.ts';
import { type Edge, KEYS_PER_SECOND } from './stage.ts';

const SAMPLE_MS = 100;

export interface Memory {
  beforeMiB: number;
  mostMiB: number;
}

/** Samples resident memory until it is told to stop. */
export function watchMemory(pid: number): () => Memory {
  const mib = () => Math.round(rssOf(pid) / 2 ** 20);
  const memory: Memory = { beforeMiB: mib(), mostMiB: mib() };
  const sample = () => {
    memory.mostMiB = Math.max(memory.mostMiB, mib());
  };
  const timer = setInterval(sample, SAMPLE_MS);
  return () => {
    clearInterval(timer);
    sample();
    return memory;
  };
}

/** Open files, sockets among them. @returns -1 without /proc */
export function filesOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return -1;
  }
}

/** From key to pixel, at the witnesses. */
export interface Keys {
  pressed: number;
  answered: number;
  p50Ms: number | null;
  p95Ms: number | null;
}

/** What the witnesses feel while `work` is going on. */
export async function whileWorking<T>(edge: Edge, work: () => Promise<T>): Promise<[Keys, T]> {
  await edge.witness('measure-begin', { groups: { witnesses: edge.witnesses } });
  const result = await work();
  const { seconds, groups } = await edge.witness('measure-end', null);
  const keys = groups.witnesses?.keysMs;
  const pressed = Math.round(seconds * KEYS_PER_SECOND * edge.witnesses.length);
  return [{ pressed, answered: keys?.count ?? 0, p50Ms: keys?.p50 ?? null, p95Ms: keys?.p95 ?? null }, result];
}

export const idle = (edge: Edge, ms: number): Promise<Keys> =>
  whileWorking(edge, () => delay(ms)).then(([keys]) => keys);
