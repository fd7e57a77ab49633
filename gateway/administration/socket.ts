// The actions at the 0600 Unix socket of the running gateway: whoever the operating system lets in is "local" (E9).
import type { LocalHandlers } from '#platform/process/local-socket.ts';
import { Refusal } from '#protocol/codes.ts';
import type { Journal } from '../journal.ts';
import { type Action, LOCAL } from './action.ts';

export function socketHandlers(actions: readonly Action[], journal: Journal): LocalHandlers {
  const here = actions.filter(({ only }) => only !== 'page');
  return Object.fromEntries(
    here.map((action) => [
      action.name,
      async (body: unknown) => {
        try {
          return await action.perform(body, LOCAL);
        } catch (error) {
          if (error instanceof Refusal) journal.actionRefused(action.name, LOCAL.name, error);
          throw error;
        }
      },
    ]),
  );
}
