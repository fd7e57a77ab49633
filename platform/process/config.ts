// Configuration files: JSON with a closed schema, read once at start and frozen.
import { AsyncLocalStorage } from 'node:async_hooks';
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { Failure } from './exit.ts';

const CONFIG_MAX_BYTES = 1024 * 1024;

/** The folder of the configuration file that is being parsed. */
const folder = new AsyncLocalStorage<string>();

/** A path in a configuration file: relative ones are resolved against that file's own folder. */
export const filePath = z
  .string()
  .min(1)
  .refine((path) => !path.includes('\0'), 'a path cannot hold a zero byte')
  .transform((path) => resolve(folder.getStore() ?? '.', path));

/** The address of a listener. Port 0 takes any free port, which the ready line then names. */
export const listenSchema = z.strictObject({ host: z.string().min(1), port: z.int().min(0).max(65_535) });

/**
 * @returns the parsed configuration, frozen throughout
 * @throws Failure naming the file and the first key that is wrong, never its value, since that may be a secret
 */
export function readConfig<S extends z.ZodType>(path: string, schema: S): z.output<S> {
  const parsed = folder.run(dirname(resolve(path)), () => schema.safeParse(parseFile(path)));
  const issue = parsed.error?.issues[0];
  if (issue) throw new Failure(`${path}: ${say(issue)}`);
  return deepFreeze(parsed.data) as z.output<S>;
}

function parseFile(path: string): unknown {
  let text: string;
  try {
    if (statSync(path).size > CONFIG_MAX_BYTES) throw new Failure(`${path}: larger than ${CONFIG_MAX_BYTES} bytes`);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Failure(`${path}: not valid JSON`);
  }
}

function say(issue: z.core.$ZodIssue): string {
  const at = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') return `unknown key "${[at, issue.keys[0]].filter(Boolean).join('.')}"`;
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) return `"${at}" is missing`;
  return `${at ? `"${at}"` : 'the file'}: ${issue.message}`;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
