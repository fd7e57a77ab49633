// Which cryptography a source file calls, read from its syntax tree: functions of node:crypto and WebCrypto with the algorithm
// that they are given, what is taken from cryptographic packages, ends of TLS, and sources of randomness. What cannot be read
// off the source (a computed algorithm) shows as "?", so that it must be looked at, too.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parseAst } from 'vite';

/** What the product consists of; tests, the lab, the benchmark and these proofs are not shipped as part of it. */
const PRODUCT = ['protocol', 'platform', 'rfb', 'certs', 'gateway', 'broker', 'agent', 'web', 'client-sim', 'admin'];

/** Their names are the primitives; of node-forge only what computes. */
const CRYPTOGRAPHIC =
  /^(?:node:(?:crypto|tls|https|http2|quic)|node-forge|jose|otplib|@otplib\/.*|@simplewebauthn\/.*|@noble\/.*)$/;
/** Looked at: none of them is called for cryptography. ws hashes its opening's key by itself (RFC 6455). */
const OTHER =
  /^(?:node:(?!crypto|tls|https|http2|quic).*|zod|ws|pino|prom-client|uqr|@napi-rs\/canvas|@novnc\/novnc|@expo-google-fonts\/.*)$/;
const FORGE_COMPUTES =
  /^(?:md|hmac|cipher|aes|des|rc2|pbe|pkcs5|pkcs7|pkcs12|rsa|ed25519|random|prng|kem|mgf|pss|tls)$/;
const FORGE_PKI_COMPUTES = /^(?:encrypt|decrypt|rsa|ed25519|createCert|certificationRequestFromPem)/;

/** By the function: which argument names the algorithm. */
const ALGORITHM_AT: Readonly<Record<string, number>> = {
  ...{ createHash: 0, hash: 0, createHmac: 0, createCipheriv: 0, createDecipheriv: 0, sign: 0, verify: 0 },
  ...{ createSign: 0, createVerify: 0, generateKeyPair: 0, generateKeyPairSync: 0, argon2: 0, hkdf: 0 },
  ...{ 'subtle.encrypt': 0, 'subtle.decrypt': 0, 'subtle.sign': 0, 'subtle.verify': 0, 'subtle.digest': 0 },
  ...{ 'subtle.generateKey': 0, 'subtle.deriveBits': 0, 'subtle.deriveKey': 0, 'subtle.importKey': 2 },
};

interface Node {
  readonly type: string;
  readonly [member: string]: unknown;
}

/** Path from the root → its primitives, for each product file that has any. */
export function primitivesOf(root: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const path of productFiles(root)) {
    const primitives = primitivesIn(readFileSync(join(root, path), 'utf8'));
    if (primitives.length > 0) found.set(path, primitives);
  }
  return found;
}

export function productFiles(root: string): string[] {
  return PRODUCT.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(?:ts|mjs|js)$/.test(entry.name))
      .map((entry) => posix.join(entry.parentPath.slice(root.length + 1), entry.name)),
  ).sort();
}

/** @param text TypeScript. @returns each once, sorted */
export function primitivesIn(text: string): string[] {
  const tree = parseAst(text, { lang: 'ts' }) as unknown as Node;
  const found = new Set<string>();
  const names = namesIn(tree, found);
  walk(tree, null, (node, parent) => {
    const call = isCallOf(node, parent) ? parent : null;
    if (node.type === 'Identifier' && !isLabel(node, parent)) {
      const origin = names.imported.get(String(node.name));
      if (origin && !origin.startsWith('forge')) found.add(describe(origin, call, names.constants));
    }
    if (node.type === 'MemberExpression') {
      const path = pathOf(node, names);
      if (path === 'Math.random') found.add(path);
      else if (path && /^crypto\.(?!subtle$)/.test(path)) {
        found.add(describe(path.replace(/^crypto\.(?=subtle\.)/, ''), call, names.constants));
      } else if (path) addForge(path, found);
    }
    if (node.type === 'ImportExpression') addPackage(stringOf(node.source), '', found);
    const literal = stringOf(node);
    if (literal !== null && names.usesJose && /^(?:(?:ES|RS|PS|HS)\d{3}|EdDSA)$/.test(literal))
      found.add(`jose ${literal}`);
  });
  return [...found].sort();
}

interface Names {
  /** Local name → "createHash", "tls.connect", "jose.SignJWT" */
  readonly imported: ReadonlyMap<string, string>;
  /** Local name → what it begins: "crypto.subtle", "forge", "forge.pki" */
  readonly aliases: ReadonlyMap<string, string>;
  /** Local constants that name an algorithm. */
  readonly constants: ReadonlyMap<string, string>;
  readonly usesJose: boolean;
}

function namesIn(tree: Node, found: Set<string>): Names {
  const imported = new Map<string, string>();
  const aliases = new Map<string, string>([
    ['crypto', 'crypto'],
    ['Math', 'Math'],
  ]);
  const constants = new Map<string, string>();
  let usesJose = false;
  walk(tree, null, (node) => {
    if (node.type === 'ImportDeclaration' && node.importKind !== 'type') {
      const from = stringOf(node.source) ?? '';
      const values = (node.specifiers as Node[]).filter(({ importKind }) => importKind !== 'type');
      if (from === 'jose') usesJose = true;
      for (const one of values) {
        const local = String((one.local as Node).name);
        if (from === 'node-forge') aliases.set(local, 'forge');
        else if (CRYPTOGRAPHIC.test(from)) imported.set(local, originOf(from, one));
      }
      if (values.length > 0 && !CRYPTOGRAPHIC.test(from)) addPackage(from, local(from), found);
    }
    if (node.type === 'VariableDeclarator') readConstant(node, { aliases, constants });
  });
  return { imported, aliases, constants, usesJose };
}

/** '' for what is our own. */
const local = (from: string) => (/^(?:[.#]|\.\.)/.test(from) ? from : '');

function originOf(from: string, { imported }: Node): string {
  const name = String((imported as Node | undefined)?.name ?? 'default');
  return from === 'node:crypto' ? name : `${from.replace(/^node:/, '')}.${name}`;
}

/** A package that nobody has looked at is reported, whatever it does. */
function addPackage(from: string | null, own: string, found: Set<string>): void {
  if (from === null) found.add('import of a computed package');
  else if (CRYPTOGRAPHIC.test(from) || !(own || local(from) || OTHER.test(from))) found.add(`import ${from}`);
}

function readConstant(
  { id, init }: Node,
  into: { aliases: Map<string, string>; constants: Map<string, string> },
): void {
  const value = unwrap(init as Node | null);
  if (!value) return;
  const target = id as Node;
  if (target.type === 'Identifier') {
    const algorithm = algorithmOf(value, into.constants);
    if (algorithm !== '?') into.constants.set(String(target.name), algorithm);
    const path = pathOf(value, { aliases: into.aliases });
    if (path === 'crypto.subtle') into.aliases.set(String(target.name), path);
  }
  // const { asn1, pki } = forge
  const root = value.type === 'Identifier' ? into.aliases.get(String(value.name)) : undefined;
  if (target.type === 'ObjectPattern' && root) {
    for (const property of target.properties as Node[]) {
      const name = String((property.key as Node | undefined)?.name ?? '');
      into.aliases.set(String((property.value as Node | undefined)?.name ?? name), `${root}.${name}`);
    }
  }
}

/** @param call whose callee it is, or null where it is handed on as a value */
function describe(name: string, call: Node | null, constants: ReadonlyMap<string, string>): string {
  const at = ALGORITHM_AT[name];
  if (at === undefined) return `${name}()`;
  const given = (call?.arguments as Node[] | undefined) ?? [];
  const algorithm = given[at] ? algorithmOf(given[at] as Node, constants) : '?';
  const size = name.startsWith('generateKeyPair') ? sizeOf(given[1]) : '';
  return `${name}(${algorithm}${size ? ` ${size}` : ''})`;
}

/** 'sha256', { name: 'ECDSA' }, or the name of a constant that is one of them. */
function algorithmOf(given: Node, constants: ReadonlyMap<string, string>): string {
  const value = unwrap(given) ?? given;
  const text = stringOf(value);
  if (text !== null) return text;
  if (value.type === 'Identifier') return constants.get(String(value.name)) ?? '?';
  if (value.type !== 'ObjectExpression') return '?';
  const name = propertyOf(value, 'name');
  return name ? algorithmOf(name, constants) : '?';
}

/** Curve or modulus of a new key pair, as it stands there. */
function sizeOf(options: Node | undefined): string {
  const size = options && (propertyOf(options, 'namedCurve') ?? propertyOf(options, 'modulusLength'));
  if (!size) return '';
  return stringOf(size) ?? String(size.name ?? size.value ?? '?');
}

function propertyOf(object: Node, name: string): Node | null {
  const all = object.type === 'ObjectExpression' ? (object.properties as Node[]) : [];
  const found = all.find(({ key }) => (key as Node | undefined)?.name === name);
  return (found?.value as Node | undefined) ?? null;
}

/** forge.md.sha256.create → forge.md.sha256 */
function addForge(path: string, found: Set<string>): void {
  const [root, part = '', what = ''] = path.split('.');
  if (root !== 'forge' || what === '') return;
  if (part === 'pki' ? FORGE_PKI_COMPUTES.test(what) : FORGE_COMPUTES.test(part)) found.add(`${root}.${part}.${what}`);
}

function pathOf(node: Node, names: Pick<Names, 'aliases'>): string | null {
  if (node.type === 'Identifier') return names.aliases.get(String(node.name)) ?? null;
  if (node.type !== 'MemberExpression') return null;
  const before = pathOf(node.object as Node, names);
  if (before === null) return null;
  const { property, computed } = node as { property?: Node; computed?: boolean };
  return `${before}.${computed ? '?' : String(property?.name)}`;
}

function stringOf(node: unknown): string | null {
  const { type, value } = (node ?? {}) as { type?: string; value?: unknown };
  return type === 'Literal' && typeof value === 'string' ? value : null;
}

/** `x as const`, `x satisfies T` */
function unwrap(node: Node | null): Node | null {
  return node && /^TS(?:As|Satisfies|NonNull)Expression$/.test(node.type) ? unwrap(node.expression as Node) : node;
}

function isCallOf(node: Node, parent: Node | null): parent is Node {
  return (parent?.type === 'CallExpression' || parent?.type === 'NewExpression') && parent.callee === node;
}

/** A name that selects or labels a member stands for nothing. */
function isLabel(node: Node, parent: Node | null): boolean {
  if (parent?.type === 'MemberExpression') return parent.property === node && !parent.computed;
  return parent?.type === 'Property' && parent.key === node && parent.value !== node && !parent.computed;
}

/** Values only: what stands in a type is no call. */
function walk(node: Node, parent: Node | null, seen: (node: Node, parent: Node | null) => void): void {
  if (node.type.startsWith('TS') && !/^TS(?:As|Satisfies|NonNull|Instantiation)/.test(node.type)) return;
  seen(node, parent);
  if (node.type === 'ImportDeclaration') return;
  for (const [member, value] of Object.entries(node)) {
    if (member === 'typeAnnotation' || member === 'typeArguments' || member === 'typeParameters') continue;
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child === 'object' && child !== null && 'type' in child) walk(child as Node, node, seen);
    }
  }
}
