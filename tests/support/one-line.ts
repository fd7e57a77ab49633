// What a person reads when something is refused: one line, and never a stack.

/** What Node prints for an error nobody caught, and what only its own files are called. */
const STACK = /^\s+at |node:internal|\bat .*:\d+:\d+/m;

/**
 * The one line that stands on stderr besides the JSON lines of the operators' log.
 * @throws Error if there is none, more than one, or a stack
 */
export function oneLineOf(stderr: string): string {
  if (STACK.test(stderr)) throw new Error(`a stack was printed:\n${stderr}`);
  const lines = stderr.split('\n').filter((line) => line.trim() && !line.startsWith('{'));
  const [line, ...more] = lines;
  if (line === undefined || more.length > 0) throw new Error(`one line was expected, got ${lines.length}:\n${stderr}`);
  return line;
}

export const hasStack = (text: string): boolean => STACK.test(text);
