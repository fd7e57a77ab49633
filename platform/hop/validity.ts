// When a process's own certificate, the authorities it trusts and their revocation lists run out. A list that ran out
// refuses everyone, so each process says so before and sounds the alarm after.
import { Failure } from '../process/exit.ts';
import { loadOwn, loadTls, type OwnFiles, type TlsFiles } from './tls-files.ts';

const DAY_MS = 86_400_000;
const LOOK_INTERVAL_MS = 3_600_000;

/** Days before the end at which a warning is due, one by one. A list lives seven days and is made anew daily. */
const WARN_DAYS = { certificate: [1, 7, 30], list: [1, 3] } as const;

export interface Validity {
  /** For people: which thing it is. */
  what: string;
  /** Milliseconds since 1970. */
  notAfter: number;
  state: 'ok' | 'soon' | 'expired';
  /** The warning that is due: 30, 7 or 1 (lists: 3 or 1) days before the end, 0 after it, null if none is. */
  warning: number | null;
}

/**
 * Everything in these files that can run out.
 * @throws Failure naming the file that cannot be used
 */
export function validity(files: TlsFiles | OwnFiles, now: number): Validity[] {
  const judgeOwn = (notAfter: Date) =>
    judgeValidity(`certificate ${files.certificate}`, 'certificate', notAfter.getTime(), now);
  if (!('authorities' in files)) return [judgeOwn(loadOwn(files).own.validToDate)];
  const { own, trust } = loadTls(files);
  return [
    judgeOwn(own.validToDate),
    ...trust.authorities.map((one) =>
      judgeValidity(`authority in ${files.authorities}`, 'certificate', one.validToDate.getTime(), now),
    ),
    ...trust.revocations.nextUpdates.map((end) =>
      judgeValidity(`revocation list in ${files.revocations}`, 'list', end, now),
    ),
  ];
}

export function judgeValidity(what: string, type: keyof typeof WARN_DAYS, notAfter: number, now: number): Validity {
  if (now >= notAfter) return { what, notAfter, state: 'expired', warning: 0 };
  const warning = WARN_DAYS[type].find((days) => notAfter - now <= days * DAY_MS) ?? null;
  return { what, notAfter, state: warning === null ? 'ok' : 'soon', warning };
}

/** One line for the log, or null if there is nothing to say. */
export function sayValidity({ what, notAfter, state }: Validity, now: number): string | null {
  const end = new Date(notAfter).toISOString();
  if (state === 'expired') return `ALARM: ${what} ran out at ${end}; everyone who depends on it is refused`;
  return state === 'soon' ? `${what} runs out at ${end}, in ${Math.ceil((notAfter - now) / DAY_MS)} days` : null;
}

/** The two levels that are used of a process's log. */
export interface ValidityLog {
  warn(line: string): void;
  error(line: string): void;
}

/**
 * Says on the log what runs out: each warning once, the alarm every hour. A listener's reloadOnChange does this by
 * itself; a process that only dials calls it for the files it dials with.
 * @returns stops watching
 */
export function watchValidity(files: TlsFiles | OwnFiles, log: ValidityLog, now: () => number): () => void {
  const said = new Map<string, number | null>();
  function look(): void {
    for (const one of readValidity(files, now())) {
      const line = sayValidity(one, now());
      if (line && one.state === 'expired') log.error(line);
      else if (line && said.get(one.what) !== one.warning) log.warn(line);
      said.set(one.what, one.warning);
    }
  }
  look();
  const timer = setInterval(look, LOOK_INTERVAL_MS).unref();
  return () => clearInterval(timer);
}

/** Nothing for files that cannot be used: whoever loads them for use says so. */
function readValidity(files: TlsFiles | OwnFiles, now: number): Validity[] {
  try {
    return validity(files, now);
  } catch (error) {
    if (error instanceof Failure) return [];
    throw error;
  }
}
