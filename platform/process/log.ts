// The operators' log: one JSON object a line on stderr. It is not the audit log; it may be switched off or lost.
// Secrets never belong here (G2, T16). The redaction below is the net under that rule, not a licence to log them.
import { constants } from 'node:os';
import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino';
import { CODES, Refusal } from '#protocol/codes.ts';
import { escapeForTerminals } from './terminal.ts';

/** No child(): pino does not pass a child's bindings through the redaction. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'fatal'>;

const REDACTED = '[redacted]';
const DEPTH_MAX = 6;
const ITEMS_MAX = 50;
const TEXT_MAX_CHARACTERS = 2_000;

/** @param sink for tests; stderr otherwise, written synchronously so that the last line before an exit is not lost */
export function createLog(name: string, sink: DestinationStream = destination({ fd: 2, sync: true })): Log {
  return pino(
    {
      base: { name },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: clean },
      serializers: { err: (cleaned: unknown) => cleaned },
      hooks: { streamWrite: (line) => cleanLine(line) },
    },
    sink,
  );
}

/** Wherever they stand in a key, these name a secret. */
const SECRET_PART =
  /secret|token|ticket|passw|passphrase|cookie|authorization|credential|totp|otp|psk|pin$|keystroke|keysym/;
/** These do only as a whole word: "encoder" and "released" are harmless. */
const SECRET_WORD = /^(?:codes?|keys?|grants?|leases?|pins?|nonces?)$/;
const HARMLESS_KEYS = new Set(['exitCode', 'closeCode', 'statusCode']);

function isSecretKey(key: string): boolean {
  if (HARMLESS_KEYS.has(key)) return false;
  if (SECRET_PART.test(key.toLowerCase().replace(/[^a-z]/g, ''))) return true;
  const words = key.replace(/([a-z0-9])([A-Z])/g, '$1 $2').split(/[^A-Za-z]+/);
  return words.some((word) => SECRET_WORD.test(word.toLowerCase()));
}

/** `code` names a pairing or TOTP code as well as a refusal or system error; only the latter two are public words. */
function isPublicCode(key: string, value: unknown): boolean {
  return (
    key === 'code' &&
    typeof value === 'string' &&
    (Object.hasOwn(CODES, value) || Object.hasOwn(constants.errno, value) || /^ERR_[A-Z_]+$/.test(value))
  );
}

function clean(fields: object): Record<string, unknown> {
  return cleanObject(fields, 0);
}

function cleanObject(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields)
      .slice(0, ITEMS_MAX)
      .map(([key, value]) => [
        key,
        isSecretKey(key) && !isPublicCode(key, value) ? REDACTED : cleanValue(value, depth),
      ]),
  );
}

function cleanValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') {
    return value.length > TEXT_MAX_CHARACTERS ? `${value.slice(0, TEXT_MAX_CHARACTERS)}…` : value;
  }
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Refusal) return { reason: value.reason, detail: value.detail };
  if (value instanceof Error) return { type: value.name, message: value.message, code: errorCode(value) };
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (depth >= DEPTH_MAX) return '[deeper]';
  if (Array.isArray(value)) return value.slice(0, ITEMS_MAX).map((item) => cleanValue(item, depth + 1));
  const prototype = Object.getPrototypeOf(value);
  // A socket, a key object, a request: its fields are not ours to print.
  if (prototype !== Object.prototype && prototype !== null) return `[${value.constructor.name}]`;
  return cleanObject(value, depth + 1);
}

function errorCode(error: Error): string | undefined {
  const { code } = error as NodeJS.ErrnoException;
  return isPublicCode('code', code) ? code : undefined;
}

/**
 * Signed tokens, private keys and otpauth links show by their shape, also inside a message's text. Matched in the finished
 * line, so each pattern stays inside one JSON string and never splits an escape.
 */
const SECRET_SHAPES =
  /eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[^"\\]|\\.)*|otpauth:\/\/[^\s"\\]+/g;

function cleanLine(line: string): string {
  const ended = line.endsWith('\n');
  const body = escapeForTerminals((ended ? line.slice(0, -1) : line).replace(SECRET_SHAPES, REDACTED));
  return ended ? `${body}\n` : body;
}
