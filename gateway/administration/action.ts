// What an administrator can ask for. An action is the same at the Unix socket and at the page: one row says which form its
// body has, whose municipality it is about, and whether it takes a fresh sign-in (E9). Both doors go by the row.
import type * as z from 'zod';
import { Refusal } from '#protocol/codes.ts';

/** Who asks. */
export interface Administrator {
  /** In audit events and beside changes that wait. */
  readonly name: string;
  /** "-" is in charge of every municipality. */
  readonly municipality: string;
}

/** Whoever may open the Unix socket: the operating system says no more than that, so they all are one. */
export const LOCAL: Administrator = { name: 'local', municipality: '-' };

export function isInCharge({ municipality }: Administrator, of: string): boolean {
  return municipality === '-' || municipality === of;
}

/** @throws MUNICIPALITY_OF_OTHERS: the same whether anything is there or not (T17) */
export function requireCharge(by: Administrator, of: string): void {
  if (!isInCharge(by, of)) throw new Refusal('MUNICIPALITY_OF_OTHERS', of);
}

/** Where an action can be asked for: what would show a secret, or make an administrator, is for the host alone. */
export type Door = 'socket' | 'page';

interface Facts {
  readonly name: string;
  /** Gives a right or changes how one is gained: at the page, only soon after a sign-in. What takes away never waits. */
  readonly dangerous: boolean;
  /** Both if left out. */
  readonly only?: Door;
}

export interface Action extends Facts {
  /** @throws ZodError for a body of another form, MUNICIPALITY_OF_OTHERS, Failure, Refusal */
  perform(body: unknown, by: Administrator): Promise<unknown>;
}

interface Row<B> extends Facts {
  readonly schema: z.ZodType<B>;
  run(body: B, by: Administrator): Promise<unknown>;
}

/** An action about the one municipality that its body names. */
export function inMunicipality<B extends { municipality: string }>({ schema, run, ...facts }: Row<B>): Action {
  return {
    ...facts,
    async perform(body, by) {
      const parsed = schema.parse(body ?? {});
      requireCharge(by, parsed.municipality);
      return run(parsed, by);
    },
  };
}

/** An action about whatever the administrator is in charge of: `run` itself looks at nothing else. */
export function inCharge<B>({ schema, run, ...facts }: Row<B>): Action {
  return {
    ...facts,
    async perform(body, by) {
      return run(schema.parse(body ?? {}), by);
    },
  };
}
