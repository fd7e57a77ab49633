// J1: what a running gateway serves is what anybody makes of the sources; found out by the command that a reviewer has, too.
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Judgement, Proof, Stage } from '../proof.ts';
import { type Credentials, live } from './live.ts';
import { lastLine, runProgram } from './program.ts';
import { copySources } from './sources.ts';
import { verdict } from './verdict.ts';

const said = z.object({ files: z.record(z.string(), z.object({ built: z.string(), served: z.string() })) });
/** A file of the user's page that is changed for the control. */
const CHANGED = 'user/index.html';

/** What `npm run served` found. */
export interface Compared {
  readonly code: number | null;
  readonly files: number;
  readonly differing: readonly string[];
}

export interface PageSeen {
  readonly pages: Readonly<Record<'user' | 'enrol' | 'admin', Compared>>;
  /** The user's page once more, against a build with a byte more in one file. */
  readonly control: Compared;
}

/** The sources in another folder, and the pages made of them there. */
const rebuilt: Stage<{ copy: string; built: string }> = {
  name: 'rebuilt-pages',
  async up(folder, signal) {
    const copy = copySources(folder);
    const built = join(folder, 'pages');
    const ended = await runProgram(process.execPath, script(copy, 'page', ['--out', built]), { cwd: copy, signal });
    if (ended.code !== 0) throw new Error(`the pages were not made: ${lastLine(ended)}`);
    return { copy, built };
  },
  down: async () => {},
};

const script = (root: string, name: string, args: readonly string[]) => [
  '--disable-warning=ExperimentalWarning',
  join(root, `scripts/${name}.mjs`),
  ...args,
];

export const servedPage: Proof<PageSeen> = {
  name: 'j1-served-page',
  requirements: ['J1'],
  claim: {
    ja: '動いているゲートウェイが配る画面は、公開されたソースから作ったものと一バイトも違わない',
    en: 'the pages that a running gateway serves are, to the byte, those made from the sources',
  },
  tried: {
    ja: 'ソースの写しから画面を作り直し、動いているゲートウェイの三つの待受(利用者・申請・管理)から全ファイルを取り寄せて SHA-256 を比べた(npm run served)。一バイト変えたものとも比べた',
    en: 'made the pages anew from a copy of the sources, fetched every file from the three listeners of a running gateway (users, enrolment, administrators) and compared their SHA-256 (npm run served); once more with a byte changed',
  },
  needs: [],
  async collect(run) {
    run.progress(0.1, 'the pages anew');
    const { copy, built } = await run.stage(rebuilt);
    run.progress(0.5, 'a gateway');
    const { system, person, administrator } = await run.stage(live);
    const compare = async (page: string, url: string, { ca, clientCert, clientKey }: Credentials) => {
      const certificate = clientCert && clientKey ? ['--cert', clientCert, '--key', clientKey] : [];
      const args = ['--url', url, '--page', page, '--ca', ca, ...certificate, '--built', built, '--json'];
      const ended = await runProgram(process.execPath, script(copy, 'served', args), { signal: run.signal });
      if (ended.stdout === '') throw new Error(lastLine(ended));
      writeFileSync(join(run.folder, `${page}.json`), ended.stdout);
      const { files } = said.parse(JSON.parse(ended.stdout));
      const differing = Object.entries(files).filter(([, one]) => one.built !== one.served);
      return { code: ended.code, files: Object.keys(files).length, differing: differing.map(([name]) => name) };
    };
    const pages = {
      user: await compare('user', system.gateway, person),
      enrol: await compare('enrol', system.enrolment, { ca: person.ca }),
      admin: await compare('admin', system.administration, administrator),
    };
    appendFileSync(join(built, CHANGED), ' ');
    return { pages, control: await compare('user', system.gateway, person) };
  },
  judge: judgePage,
};

export function judgePage({ pages, control }: PageSeen): Judgement {
  const compared = Object.entries(pages);
  const wrong = [
    ...compared.flatMap(([page, { differing }]) => differing.map((name) => `${page}/${name} is another`)),
    ...compared.filter(([, { code }]) => code !== 0).map(([page, { code }]) => `${page}: exit ${code}`),
    ...compared.filter(([, { files }]) => files < 2).map(([page, { files }]) => `${page}: ${files} files`),
    ...(control.code === 1 && control.differing.length === 1 ? [] : ['a changed byte is not noticed']),
  ];
  const count = compared.reduce((sum, [, { files }]) => sum + files, 0);
  return verdict(wrong, {
    ja: `三つの画面の ${count} ファイルがすべて一致。悪意あるゲートウェイは、この検査にだけ正しい画面を返せる`,
    en: `all ${count} files of the three pages are the same. A hostile gateway could serve the right ones to this check alone`,
  });
}
