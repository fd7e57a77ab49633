// B7: neither e-mail nor SMS can carry a code, because nothing here can send either. Read from the tree itself: the factors that
// the audit log can name at all, the packages of the lock file, and the sources.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from '#lab/process.ts';
import { FIELDS } from '#platform/audit/fields.ts';
import type { Judgement, Proof } from '../proof.ts';

/** What runs in production. */
const FOLDERS = ['protocol', 'platform', 'gateway', 'broker', 'agent', 'web', 'admin', 'client-sim', 'certs'];
const PACKAGE = /mail|smtp|sendgrid|twilio|(^|[/-])sms($|-)|pushover|firebase/i;
const SENDING = /nodemailer|sendmail|smtps?:|:25\b|:587\b|\bsms:|mailto:|twilio|RCPT TO/i;
/** Every way by which a user is let in or lets in another factor. */
const ALLOWED = ['totp', 'webauthn', 'password', 'recovery', 'activation'];

export interface NoMail {
  factors: string[];
  packages: { looked: number; found: string[] };
  sources: { looked: number; found: string[] };
  /** The same searches over a text and a name that do send. */
  control: { source: boolean; package: boolean };
}

export const noMail: Proof<NoMail> = {
  name: 'b7-no-mail',
  requirements: ['B7'],
  claim: {
    ja: 'メールや SMS を送る仕組みがどこにもなく、要素の一覧は閉じている',
    en: 'Nothing anywhere could send an e-mail or an SMS, and the list of factors is closed',
  },
  tried: {
    ja: '要素の一覧を読み、依存パッケージの名前とすべてのソースから送信の手段を探しました。',
    en: 'The list of factors was read, and package names and all sources searched for means of sending.',
  },
  needs: [],
  async collect() {
    const packages = packageNames();
    const files = FOLDERS.flatMap((folder) => sourcesBelow(join(ROOT, folder)));
    return {
      factors: [...FIELDS.factor.schema.options],
      packages: { looked: packages.length, found: packages.filter((name) => PACKAGE.test(name)) },
      sources: {
        looked: files.length,
        found: files.filter((file) => SENDING.test(readFileSync(file, 'utf8'))).map((file) => relative(ROOT, file)),
      },
      control: { source: SENDING.test("createTransport('smtps://host')"), package: PACKAGE.test('nodemailer') },
    };
  },
  judge: judgeNoMail,
};

export function judgeNoMail({ factors, packages, sources, control }: NoMail): Judgement {
  const others = factors.filter((factor) => !ALLOWED.includes(factor));
  const found = [...others, ...packages.found, ...sources.found];
  const searched = packages.looked > 0 && sources.looked > 0 && control.source && control.package;
  const scope = `${packages.looked} packages, ${sources.looked} files`;
  return {
    result: found.length === 0 && searched ? 'pass' : 'fail',
    seen: {
      ja: `要素: ${factors.join('、')}。送信の手段: ${found.join('、') || 'なし'} (${scope})`,
      en: `factors: ${factors.join(', ')}; means of sending: ${found.join(', ') || 'none'} (${scope})`,
    },
  };
}

function packageNames(): string[] {
  const lock: { packages: Record<string, { dev?: boolean }> } = JSON.parse(
    readFileSync(join(ROOT, 'package-lock.json'), 'utf8'),
  );
  return Object.entries(lock.packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));
}

function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|html)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}
