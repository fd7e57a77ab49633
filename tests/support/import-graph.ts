// Which file reaches which, read from the syntax trees of the sources, for tests/architecture.test.ts.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parseAst } from 'vitest/node';

export interface Module {
  /** Our own files, from the root: "protocol/bytes.ts". Type imports count: a type is knowledge of the other side too. */
  readonly files: readonly string[];
  /** "node:fs", "zod", "@noble/post-quantum" */
  readonly packages: readonly string[];
  /** Names used that stand for something outside the module: globals, but also locals of the same name. */
  readonly names: ReadonlySet<string>;
  /** What cannot be followed: an import whose target is computed. */
  readonly unclear: readonly string[];
}

export type Graph = ReadonlyMap<string, Module>;

/** @param sources path from the root → text */
export function graphOf(sources: ReadonlyMap<string, string>, aliases: Readonly<Record<string, string>>): Graph {
  return new Map([...sources].map(([path, text]) => [path, readModule(path, text, aliases)]));
}

/** Every TypeScript file below the root that is ours. */
export function readSources(root: string): Map<string, string> {
  const sources = new Map<string, string>();
  const skipped = new Set(['node_modules', 'var', 'coverage', 'dist']);
  function walk(folder: string): void {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      if (entry.name.startsWith('.') || skipped.has(entry.name)) continue;
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (/\.tsx?$/.test(entry.name)) sources.set(path, readFileSync(join(root, path), 'utf8'));
    }
  }
  walk('');
  return sources;
}

interface Node {
  readonly type: string;
  readonly [member: string]: unknown;
}

function readModule(path: string, text: string, aliases: Readonly<Record<string, string>>): Module {
  const files = new Set<string>();
  const packages = new Set<string>();
  const names = new Set<string>();
  const unclear: string[] = [];

  function add(target: unknown, how: string): void {
    const specifier = literal(target);
    if (specifier === null) unclear.push(how);
    else if (/^\.\.?\//.test(specifier)) files.add(posix.join(posix.dirname(path), specifier));
    else if (specifier.startsWith('#')) files.add(resolveAlias(specifier, aliases));
    else packages.add(packageOf(specifier));
  }

  visit(parseAst(text, { lang: 'ts' }) as unknown as Node, (node) => {
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
      case 'TSImportType':
      case 'ImportExpression':
        add(node.source, 'import() of a computed path');
        break;
      case 'ExportNamedDeclaration':
        if (node.source) add(node.source, 'export');
        break;
      case 'CallExpression':
        if (isRequire(node.callee)) add((node.arguments as unknown[])[0], 'require() of a computed path');
        break;
      case 'NewExpression':
        addUrl(node);
        break;
      case 'Identifier':
        names.add(String(node.name));
        break;
    }
  });

  /** new URL('./worker.ts', import.meta.url): a worker or a script of ours. */
  function addUrl(node: Node): void {
    const [target, base] = node.arguments as Node[];
    if (!isNamed(node.callee, 'URL') || base?.type !== 'MemberExpression') return;
    if ((base.object as Node).type !== 'MetaProperty') return;
    const specifier = literal(target);
    if (specifier === null) unclear.push('new URL() of a computed path');
    else if (specifier.endsWith('.ts')) add(target, 'new URL()');
  }

  return { files: [...files].sort(), packages: [...packages].sort(), names, unclear };
}

/** Calls `seen` on every node but names that only select or label a member, and Date where it only converts a number. */
function visit(node: Node, seen: (node: Node) => void): void {
  seen(node);
  for (const [member, value] of Object.entries(node)) {
    if ((member === 'property' || member === 'key') && node.computed === false && isIdentifier(value)) continue;
    if (member === 'callee' && isConversion(node)) continue;
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child === 'object' && child !== null && 'type' in child) visit(child as Node, seen);
    }
  }
}

/** new Date(milliseconds), as against new Date() and Date.now(), which read the clock. */
function isConversion(node: Node): boolean {
  return node.type === 'NewExpression' && isNamed(node.callee, 'Date') && (node.arguments as unknown[]).length > 0;
}

function isRequire(callee: unknown): boolean {
  const node = callee as Node;
  return isNamed(node, 'require') || (node.type === 'CallExpression' && isNamed(node.callee, 'createRequire'));
}

function isIdentifier(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (value as Node).type === 'Identifier';
}

function isNamed(value: unknown, name: string): boolean {
  return isIdentifier(value) && (value as Node).name === name;
}

function literal(node: unknown): string | null {
  const { value } = (node ?? {}) as { value?: unknown };
  return typeof value === 'string' ? value : null;
}

/** package.json imports hold patterns such as "#protocol/*": "./protocol/*". */
function resolveAlias(specifier: string, aliases: Readonly<Record<string, string>>): string {
  for (const [pattern, target] of Object.entries(aliases)) {
    const prefix = pattern.slice(0, -1);
    if (specifier.startsWith(prefix)) return posix.normalize(target.slice(0, -1) + specifier.slice(prefix.length));
  }
  return specifier;
}

function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
