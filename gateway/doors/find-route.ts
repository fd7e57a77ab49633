// Where a route is found, and what is said where there is none.
import { Refusal } from '#protocol/codes.ts';

/** What every kind of route has. */
export interface Place {
  readonly method: string;
  readonly path: string;
}

/** Paths are compared whole: no query, no encoding, no trailing slash. @throws ROUTE_UNKNOWN, METHOD_WRONG */
export function findRoute<R extends Place>(routes: readonly R[], method: string, path: string): R {
  const route = routes.find((candidate) => candidate.method === method && candidate.path === path);
  if (route) return route;
  throw new Refusal(method !== 'UPGRADE' && methodsAt(routes, path).length > 0 ? 'METHOD_WRONG' : 'ROUTE_UNKNOWN');
}

export function methodsAt(routes: readonly Place[], path: string): string[] {
  return routes.filter((route) => route.path === path && route.method !== 'UPGRADE').map((route) => route.method);
}
