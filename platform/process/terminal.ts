// Text that a peer chose must not move a cursor, colour a line or turn its direction when somebody reads it (G6, T16).

/** Inside JSON, where C0 is escaped already: DEL, C1 controls, line separators and direction overrides. */
const OBEYED = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** The same JSON, with what a terminal would obey written as \uXXXX. */
export function escapeForTerminals(json: string): string {
  return json.replace(OBEYED, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** One line for people: everything a terminal would obey becomes a space. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim();
}
