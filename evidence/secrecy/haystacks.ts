// Where a session's secrets are looked for, and what came of it: numbers, never the secrets.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { searchMemory } from '#lab/process-memory.ts';
import { filesBelow, type Needle, Search, searchFiles } from '#lab/search.ts';
import type { Flow } from './flows.ts';

/** What must not be in the middle. */
export const SECRETS = ['traffic key', 'shared secret', 'known record', 'lossless tile', 'pixels'] as const;
export type Secret = (typeof SECRETS)[number];
/** The session's id is no secret: where it is not found, the search did not see what it should have seen. */
export const CONTROL = 'session id';
export type Kind = Secret | typeof CONTROL;

export type Found = Readonly<Record<Kind, number>>;

export interface Haystack {
  /** "gateway", "broker", "agent", "seeing relay", or a hop. */
  readonly place: string;
  readonly what: 'memory' | 'files' | 'capture';
  readonly when: 'live' | 'after';
  readonly bytes: number;
  readonly found: Found;
}

/** As it may be shown: which secret it was, not what. */
export interface Digest {
  readonly kind: Kind;
  readonly bytes: number;
  /** The first 8 hex digits of its SHA-256. */
  readonly sha256: string;
}

export const digestOf = ({ kind, bytes }: Needle<Kind>): Digest => ({
  kind,
  bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex').slice(0, 8),
});

type Needles = readonly Needle<Kind>[];

export async function memoryOf(
  place: string,
  pid: number,
  when: Haystack['when'],
  needles: Needles,
): Promise<Haystack> {
  const search = new Search(needles);
  await searchMemory(search, pid);
  return { place, what: 'memory', when, ...resultOf(search) };
}

/** @param paths files and folders */
export async function filesOf(place: string, paths: readonly string[], needles: Needles): Promise<Haystack> {
  const search = new Search(needles);
  await searchFiles(search, paths);
  return { place, what: 'files', when: 'after', ...resultOf(search) };
}

/** @param port of the listening end */
export function captureOf(place: string, port: number, flows: readonly Flow[], needles: Needles): Haystack {
  const search = new Search(needles);
  for (const { from, to, payload } of flows) {
    if (from !== port && to !== port) continue;
    search.push(payload);
    search.cut();
  }
  return { place, what: 'capture', when: 'live', ...resultOf(search) };
}

function resultOf(search: Search<Kind>): Pick<Haystack, 'bytes' | 'found'> {
  const found = Object.fromEntries(([...SECRETS, CONTROL] as const).map((kind) => [kind, search.found(kind)])) as Found;
  return { bytes: search.bytes, found };
}

/** Everything that lies below the folders, and whatever else the process has open to write, deleted or not. */
export function filesWrittenBy(pid: number, folders: readonly string[]): string[] {
  const below = folders.flatMap(filesBelow);
  const elsewhere = openToWrite(pid).filter(({ path }) => !below.includes(path));
  return [...below, ...elsewhere.map(({ descriptor }) => descriptor)];
}

function openToWrite(pid: number): { path: string; descriptor: string }[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((fd) => {
    try {
      const path = readlinkSync(join(folder, fd));
      const flags = Number.parseInt(
        /flags:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0',
        8,
      );
      const isFile = path.startsWith('/') && !path.startsWith('/dev/') && !path.startsWith('/proc/');
      return isFile && (flags & 0b11) !== 0 ? [{ path, descriptor: join(folder, fd) }] : [];
    } catch {
      return []; // closed meanwhile
    }
  });
}
