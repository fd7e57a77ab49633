// Comparisons that could tell a secret by the time they take: ===, !==, .equals and .includes where a name says that a secret,
// or what stands for one, is compared. Read off the syntax trees; each that is there has been looked at, and has its reason.
import { parseAst } from 'vite';

/** The last word of a name. */
const SECRET =
  /(?:secret|token|mac|tag|hash|digest|signature|cookie|ticket|code|nonce|challenge|password|proof|psk|finished|thumbprint|credential|key)$/i;
/** A public code of our table, a wire code, a key of a map or of the keyboard, and the like. */
const PUBLIC = /(?:^code$|errorcode|exitcode|closecode|keycode|status|publickey|\.key$|^key$|^tag$|tagclass)/i;

interface Node {
  readonly type: string;
  readonly [member: string]: unknown;
}

/** @returns each as it stands in the source, in one line */
export function secretComparisonsIn(text: string): string[] {
  const found = new Set<string>();
  walk(parseAst(text, { lang: 'ts' }) as unknown as Node, (node) => {
    const { start, end } = node as unknown as { start: number; end: number };
    if (comparesSecrets(node)) found.add(text.slice(start, end).replace(/\s+/g, ' '));
  });
  return [...found].sort();
}

function comparesSecrets(node: Node): boolean {
  if (node.type === 'BinaryExpression' && /^[!=]==?$/.test(String(node.operator))) {
    const sides = [node.left, node.right] as Node[];
    return sides.some(isSecret) && !sides.some(isHarmless);
  }
  if (node.type !== 'CallExpression') return false;
  const callee = node.callee as Node;
  if (callee.type !== 'MemberExpression') return false;
  const method = String((callee.property as Node).name);
  if (method !== 'equals' && method !== 'compare') return false;
  return [callee.object as Node, ...(node.arguments as Node[])].some(isSecret);
}

function isSecret(node: Node): boolean {
  const name = nameOf(node);
  return name !== null && SECRET.test(name) && !PUBLIC.test(name);
}

/** Compared with a constant, a length or a type: nothing of a secret shows. */
function isHarmless(node: Node): boolean {
  if (node.type === 'Literal' || node.type === 'UnaryExpression' || node.type === 'TemplateLiteral') return true;
  const name = nameOf(node);
  // A member of a constant table (Opcode.text) or a constant by itself.
  return name !== null && (name === 'undefined' || /(?:^|\.)length$/.test(name) || /^[A-Z]\w*(?:\.\w+)?$/.test(name));
}

function nameOf(node: Node): string | null {
  if (node.type === 'Identifier') return String(node.name);
  if (node.type === 'ChainExpression') return nameOf(node.expression as Node);
  if (node.type !== 'MemberExpression' || node.computed) return null;
  const property = node.property as Node;
  const object = nameOf(node.object as Node);
  return property.type === 'Identifier' ? `${object ?? ''}.${String(property.name)}` : `#${String(property.name)}`;
}

function walk(node: Node, seen: (node: Node) => void): void {
  seen(node);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child === 'object' && child !== null && 'type' in child) walk(child as Node, seen);
    }
  }
}
