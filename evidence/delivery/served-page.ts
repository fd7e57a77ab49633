// J1: what a running gateway serves is what anybody makes of the sources.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Judgement, Proof, Stage } from '../proof.ts';
import { ask, type Credentials, live } from './live.ts';
import { lastLine, runProgram } from './program.ts';
import { copySources } from './sources.ts';
import { verdict } from './verdict.ts';

const manifest = z.object({ files: z.record(z.string(), z.string()) });

export interface PageSeen {
  /** "user/index.html" → SHA-256, as built from the copy of the sources. */
  readonly built: Readonly<Record<string, string>>;
  /** The same of the bytes that came from the three listeners; "404" and the like where none did. */
  readonly served: Readonly<Record<string, string>>;
  /** What differs once a byte of one file is another one. */
  readonly control: readonly string[];
}

/** The pages, made from a copy of the sources. */
const rebuilt: Stage<{ folder: string; built: Readonly<Record<string, string>> }> = {
  name: 'rebuilt-pages',
  async up(folder, signal) {
    const copy = copySources(folder);
    const out = join(copy, 'var/page');
    const args = ['--disable-warning=ExperimentalWarning', join(copy, 'scripts/page.mjs'), '--out', out, '--json'];
    const ended = await runProgram(process.execPath, args, { cwd: copy, signal });
    if (ended.code !== 0) throw new Error(`the pages were not made: ${lastLine(ended)}`);
    return { folder: out, built: manifest.parse(JSON.parse(ended.stdout)).files };
  },
  down: async () => {},
};

export const servedPage: Proof<PageSeen> = {
  name: 'j1-served-page',
  requirements: ['J1'],
  claim: {
    ja: '動いているゲートウェイが配る画面は、公開されたソースから作ったものと一バイトも違わない',
    en: 'the pages that a running gateway serves are, to the byte, those made from the sources',
  },
  tried: {
    ja: 'ソースの写しから画面を作り直し、動いているゲートウェイの三つの待受(利用者・申請・管理)から全ファイルを取り寄せて SHA-256 を比べた',
    en: 'made the pages anew from a copy of the sources, fetched every file from the three listeners of a running gateway (users, enrolment, administrators), and compared their SHA-256',
  },
  needs: [],
  async collect(run) {
    run.progress(0.1, 'the pages anew');
    const { folder, built } = await run.stage(rebuilt);
    run.progress(0.5, 'a gateway');
    const { system, person, administrator } = await run.stage(live);
    const listeners: Record<string, [string, Credentials]> = {
      user: [system.gateway, person],
      enrol: [system.enrolment, { ca: person.ca }],
      admin: [system.administration, administrator],
    };
    const served: Record<string, string> = {};
    for (const name of Object.keys(built)) {
      const [page = '', ...path] = name.split('/');
      const [origin, credentials] = listeners[page] as [string, Credentials];
      const file = path.join('/');
      const { status, body } = await ask(`${origin}/${file === 'index.html' ? '' : file}`, credentials);
      served[name] = status === 200 ? digestOf(body) : String(status);
    }
    const [first = ''] = Object.keys(built);
    const bytes = Buffer.concat([readFileSync(join(folder, first)), Buffer.from(' ')]);
    writeFileSync(join(run.folder, 'served.json'), `${JSON.stringify(served, null, 2)}\n`);
    return { built, served, control: differing(built, { ...served, [first]: digestOf(bytes) }) };
  },
  judge: judgePage,
};

const digestOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** @returns the files that are not the same, or not on both sides */
export function differing(built: PageSeen['built'], served: PageSeen['served']): string[] {
  const names = new Set([...Object.keys(built), ...Object.keys(served)]);
  return [...names].filter((name) => built[name] !== served[name]);
}

const PAGES = ['user', 'enrol', 'admin'];

export function judgePage({ built, served, control }: PageSeen): Judgement {
  const names = Object.keys(built);
  const wrong = [
    ...differing(built, served).map((name) => `${name} is another: ${served[name]}`),
    ...PAGES.filter((page) => !names.includes(`${page}/index.html`)).map((page) => `no page ${page}`),
    ...(control.length === 1 ? [] : ['a changed byte is not noticed']),
  ];
  return verdict(wrong, {
    ja: `三つの画面の ${names.length} ファイルがすべて一致。悪意あるゲートウェイは、この検査にだけ正しい画面を返せる`,
    en: `all ${names.length} files of the three pages are the same. A hostile gateway could serve the right ones to this check alone`,
  });
}
