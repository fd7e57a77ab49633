// What a document names that can be looked up: rows of this report, files, links, commands, words of the page. A paper that
// names what is not there would be found out by whoever uses it first, so it is found here.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Named {
  /** "C1" */
  readonly rows: readonly string[];
  /** From the project's root. */
  readonly files: readonly string[];
  /** As they stand: relative to the document. */
  readonly links: readonly string[];
  readonly commands: readonly Command[];
}

/** `npm run admin -- user list --municipality X` is the script "admin" with the words "user", "list". */
export interface Command {
  readonly script: string;
  /** What follows `--`, without what stands for something of the reader's. */
  readonly words: readonly string[];
}

const FILE = /^(?:[a-z-]+\/[\w./-]*\w|[A-Z]+\.md|[a-z]+\.json)$/;
const ROWS = /証跡 ([A-J]\d+(?:、[A-J]\d+)*)/g;
const ONLY = /--only ([A-J]\d+(?:,[A-J]\d+)*)/g;
const COMMAND = /^npm run ([a-z]+)(?: -- (.+))?$/;
/** Files of a host or of a build, named in the papers as whoever runs it finds them. */
const OF_A_HOST = /^(?:state|keys|tls|page|var)\/|^page\.json$/;

export function namedIn(text: string): Named {
  const spans = [...text.matchAll(/`([^`\n]+)`/g)].map(([, span]) => span as string);
  const rows = [...text.matchAll(ROWS), ...text.matchAll(ONLY)].flatMap(([, ids]) => (ids as string).split(/[、,]/));
  return {
    rows: [...new Set(rows)],
    files: [...new Set(spans.filter((span) => FILE.test(span) && !OF_A_HOST.test(span)))],
    links: [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].map(([, target]) => target as string),
    commands: spans.flatMap((span) => {
      const [, script, rest = ''] = COMMAND.exec(span) ?? [];
      return script ? [{ script, words: wordsOf(rest) }] : [];
    }),
  };
}

/** "user list --municipality 〔…〕 --user 〔…〕" → ["user", "list", "--municipality", "--user"] */
function wordsOf(rest: string): string[] {
  return rest.split(' ').filter((word) => /^(?:--)?[a-z][a-z-]*$/.test(word));
}

export interface Known {
  /** Of the project. */
  readonly root: string;
  readonly rows: ReadonlySet<string>;
  /** npm script → what its --help says. */
  readonly usages: ReadonlyMap<string, string>;
}

/** @returns a line for each thing that the document names and that is not there */
export function missingIn(path: string, text: string, { root, rows, usages }: Known): string[] {
  const named = namedIn(text);
  const lines = [
    ...named.rows.filter((id) => !rows.has(id)).map((id) => `row ${id}`),
    ...named.files.filter((file) => !isThere(root, file)).map((file) => `file ${file}`),
    ...named.links.filter((link) => !existsSync(join(root, dirname(path), link))).map((link) => `link ${link}`),
    ...named.commands.flatMap(({ script, words }) => {
      const usage = usages.get(script);
      if (usage === undefined) return [`command npm run ${script}`];
      return words.filter((word) => !usage.includes(word)).map((word) => `command npm run ${script} -- ${word}`);
    }),
  ];
  return lines.map((line) => `${path}: ${line}`);
}

/** A configuration file may be named by its name alone. */
function isThere(root: string, file: string): boolean {
  return existsSync(join(root, file)) || (!file.includes('/') && existsSync(join(root, 'deploy', file)));
}

export const TEMPLATES = 'docs/templates';

/** @returns path from the root → text */
export function readDocuments(root: string, folder: string): Map<string, string> {
  const names = readdirSync(join(root, folder)).filter((name) => name.endsWith('.md'));
  return new Map(names.sort().map((name) => [`${folder}/${name}`, readFileSync(join(root, folder, name), 'utf8')]));
}
