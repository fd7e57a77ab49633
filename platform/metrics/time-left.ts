// How long a process's certificates, authorities and revocation lists still hold: the alarm to set, since a list
// that has run out refuses everybody. A list may be megabytes, so the files are read again only when one of them has
// changed.
import type { TlsFiles } from '../hop/tls.ts';
import { loadTls } from '../hop/tls-files.ts';
import { stateOf } from '../process/file-state.ts';
import type { Metrics } from './metrics.ts';

interface Ends {
  certificate: number;
  authorities: number;
  revocations: number;
}

/** Files that cannot be used: whoever depends on them is refused now. */
const UNUSABLE: Ends = { certificate: 0, authorities: 0, revocations: 0 };

/**
 * @param files whom they are about (clients, broker, …) → the files
 * @param now ms since 1970
 */
export function exposeTimeLeft(metrics: Metrics, files: Readonly<Record<string, TlsFiles>>, now: () => number): void {
  const seen = new Map<string, { state: string; ends: Ends }>();

  function endsOf(about: string, paths: TlsFiles): Ends {
    const state = stateOf(Object.values(paths));
    const known = seen.get(about);
    if (known?.state === state) return known.ends;
    const ends = readEnds(paths);
    seen.set(about, { state, ends });
    return ends;
  }

  metrics.gauge('telework_valid_seconds', () =>
    Object.entries(files).flatMap(([about, paths]) =>
      Object.entries(endsOf(about, paths)).map(([what, end]) => ({
        files: about,
        what,
        value: Math.max(0, (end - now()) / 1000),
      })),
    ),
  );
}

/** Of several authorities the one that runs out first. */
function readEnds(files: TlsFiles): Ends {
  try {
    const { own, trust } = loadTls(files);
    return {
      certificate: own.validToDate.getTime(),
      authorities: Math.min(...trust.authorities.map(({ validToDate }) => validToDate.getTime())),
      revocations: Math.min(...trust.revocations.nextUpdates),
    };
  } catch {
    // Which file and why is in the log, by whoever loads them for use.
    return UNUSABLE;
  }
}
