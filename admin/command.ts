// What a command of the administrator is: which call of the gateway, which options, and how its answer reads. The commands
// themselves stand in tables, one a subject.
import * as z from 'zod';
import { Failure } from '#platform/process/exit.ts';
import { oneLine } from '#platform/process/terminal.ts';

/** Every option of every command, as node:util parseArgs takes them. */
export const OPTIONS = {
  municipality: { type: 'string' },
  user: { type: 'string' },
  name: { type: 'string' },
  desktop: { type: 'string' },
  label: { type: 'string' },
  factor: { type: 'string' },
  find: { type: 'string' },
  expiring: { type: 'boolean' },
  session: { type: 'string' },
  all: { type: 'boolean' },
  request: { type: 'string' },
  out: { type: 'string' },
  id: { type: 'string' },
  'second-factors': { type: 'string' },
  password: { type: 'string' },
  'hardware-bound': { type: 'string' },
  'idle-seconds': { type: 'string' },
  'overall-seconds': { type: 'string' },
} as const;

export type Option = keyof typeof OPTIONS;
export type Given = Readonly<Partial<Record<Option, string | boolean>>>;

/** Calls the gateway with a body, as often as it takes. */
export type Ask = (body: object) => Promise<unknown>;

export interface Command {
  /** As --help shows it, after the command's own words. */
  readonly usage: string;
  /** @returns what to call, and its body. @throws Failure with exit code 2 for options that do not fit */
  call(given: Given): { name: string; body: object };
  /** Reads or writes files beside its calls, and makes the calls itself. @param files named behind the command's words */
  withFiles?(ask: Ask, given: Given, files: readonly string[]): Promise<unknown>;
  /** What a person reads. @throws ZodError if the gateway gave an answer of another form */
  say(answer: unknown): string;
}

/** What --help groups together; the keys are the words of the commands. */
export type Table = Readonly<Record<string, Command>>;

interface Row<T> {
  /** The action's name on the gateway's socket; or chosen by the options. */
  call: string | ((given: Given) => string);
  must?: readonly Option[];
  may?: readonly Option[];
  usage: string;
  /** From options to the call's body, where they are not the same. @throws Failure with exit code 2 */
  body?(given: Given): object;
  answer: z.ZodType<T>;
  say(answer: T): string;
}

export function command<T>({ call, must = [], may = [], usage, body, answer, say }: Row<T>): Command {
  return {
    usage,
    call(given) {
      const missing = must.find((option) => given[option] === undefined);
      if (missing) throw badArguments(`--${missing} is missing`);
      const surplus = Object.keys(given).find((option) => ![...must, ...may].includes(option as Option));
      if (surplus) throw badArguments(`--${surplus} does not belong to this command`);
      return { name: typeof call === 'string' ? call : call(given), body: body ? body(given) : given };
    },
    say: (given) => say(answer.parse(given)),
  };
}

export function badArguments(what: string): Failure {
  return new Failure(`${what}; --help shows the usage`, 2);
}

export const WHO = ['municipality', 'user'] as const;
export const WHO_USAGE = '--municipality CODE --user ID';
export const user = z.object({ municipality: z.string(), user: z.string() });
export const who = (given: z.infer<typeof user>) => `${given.municipality}/${given.user}`;

/** The times when a certificate ends: the gateway's warning in days, 0 after the end. */
export const certificate = {
  certificateExpiresAt: z.string().nullable(),
  certificateWarning: z.number().nullable(),
};

export function sayCertificate(of: { certificateExpiresAt: string | null; certificateWarning: number | null }): string {
  const { certificateExpiresAt: end, certificateWarning: warning } = of;
  if (end === null) return '-';
  if (warning === null) return end;
  return warning === 0 ? `${end} ★期限切れ/EXPIRED` : `${end} ★残り${warning}日以内/within ${warning} d`;
}

export function rows(lines: readonly string[], none: string): string {
  return lines.map(oneLine).join('\n') || none;
}
