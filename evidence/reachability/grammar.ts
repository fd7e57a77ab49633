// Walks a message's schema and says of each of its fields what it may hold.
import * as z from 'zod';

export interface Field {
  /** Such as "agent → broker presence desktops[]". */
  readonly where: string;
  readonly name: string;
  readonly holds: 'a constant' | 'one of a list' | 'a number' | 'a name by a pattern' | 'free text';
  /** Of the addresses below, those that the field would take. */
  readonly addresses: readonly string[];
}

export interface Grammar {
  readonly fields: readonly Field[];
  /** Objects that take other fields than they name, lists and texts without an end. */
  readonly open: readonly string[];
}

/** Ways to write whom to connect to. */
export const ADDRESSES = [
  ...['10.30.0.30', '10.30.0.30:5900', '[2001:db8:30::30]:22', '2001:db8:30::30', 'pc-01.lgwan.example.jp:5900'],
  ...['http://10.30.0.30/', 'https://user@10.30.0.30/', '//10.30.0.30/share', 'unix:/run/x.sock', '../../etc/passwd'],
] as const;

const node = z.looseObject({
  type: z.string().optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  pattern: z.string().optional(),
  maxLength: z.number().optional(),
  maxItems: z.number().optional(),
  additionalProperties: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  items: z.unknown().optional(),
  oneOf: z.array(z.unknown()).optional(),
  anyOf: z.array(z.unknown()).optional(),
});
type Node = z.infer<typeof node>;

/** @throws Error for a construct that this walk does not know: a schema that it cannot read proves nothing */
export function grammarOf(schemas: Readonly<Record<string, z.ZodType>>): Grammar {
  const fields: Field[] = [];
  const open: string[] = [];
  const visit = (value: unknown, where: string, name: string): void => {
    const one = node.parse(value);
    const variants = one.oneOf ?? one.anyOf;
    if (variants) {
      for (const variant of variants) visit(variant, where, name);
    } else if (one.type === 'object') {
      if (one.additionalProperties !== false) open.push(where);
      const type = node.safeParse(one.properties?.type).data?.const;
      const place = typeof type === 'string' ? `${where} ${type}` : where;
      for (const [field, inner] of Object.entries(one.properties ?? {})) visit(inner, `${place} ${field}`, field);
    } else if (one.type === 'array') {
      if (one.maxItems === undefined) open.push(where);
      visit(one.items, `${where}[]`, name);
    } else {
      const isEndless = one.type === 'string' && !isClosed(one) && one.maxLength === undefined;
      if (isEndless) open.push(where);
      fields.push({ where, name, ...leaf(one, where) });
    }
  };
  for (const [direction, schema] of Object.entries(schemas))
    visit(z.toJSONSchema(schema, { io: 'input' }), direction, '');
  return { fields, open };
}

/** A pattern that holds for the whole text also bounds it: none of ours repeats without an end. */
const isClosed = ({ const: constant, enum: list, pattern }: Node): boolean =>
  constant !== undefined ||
  list !== undefined ||
  (pattern !== undefined && /^\^.*\$$/.test(pattern) && !/[^\\][*+]/.test(pattern));

function leaf(one: Node, where: string): Pick<Field, 'holds' | 'addresses'> {
  if (one.const !== undefined) return { holds: 'a constant', addresses: taken((text) => text === one.const) };
  if (one.enum) return { holds: 'one of a list', addresses: taken((text) => one.enum?.includes(text) === true) };
  if (one.type === 'integer' || one.type === 'number') return { holds: 'a number', addresses: [] };
  if (one.type !== 'string') throw new Error(`${where}: a schema of another kind (${one.type ?? 'none'})`);
  const { pattern, maxLength = Number.POSITIVE_INFINITY } = one;
  const fits = (text: string) => text.length <= maxLength && (pattern === undefined || new RegExp(pattern).test(text));
  return { holds: pattern === undefined ? 'free text' : 'a name by a pattern', addresses: taken(fits) };
}

const taken = (takes: (text: string) => boolean): string[] => ADDRESSES.filter(takes);
