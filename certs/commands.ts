// The commands: arguments in, one call, one answer out.
import { dirname, join } from 'node:path';
import { parseArguments } from '#platform/process/args.ts';
import { type ExitCode, Failure } from '#platform/process/exit.ts';
import { makePrivateFolder } from '#platform/process/private-folder.ts';
import { type CertificateKind, identityUri } from '#protocol/names.ts';
import { Authority, makeKey } from './authority.ts';
import { checkRequest } from './csr.ts';
import { demoFiles, makeDemo } from './demo.ts';
import { type Enrolment, readEnrolment } from './enrolment.ts';
import { checkExternal, checkSample } from './external.ts';
import { readText, refuseExisting, writeText } from './files.ts';
import { KINDS, LEAF_DAYS, REVOCATION_REASONS } from './profile.ts';
import { makeRequest } from './request.ts';
import { describe, isAlarm, stateOfAll } from './show.ts';
import {
  daysOf,
  hostOf,
  kindOf,
  municipalityOf,
  nameOf,
  needed,
  reasonOf,
  roleOf,
  serialOf,
  subjectOf,
} from './values.ts';

type Command = (args: readonly string[], now: number) => Promise<ExitCode> | ExitCode;

export const COMMANDS = {
  init,
  request,
  issue,
  revoke,
  crl,
  show,
  'check-external': checkExternalCommand,
  demo,
} satisfies Record<string, Command>;

const DEFAULT_DIR = 'var/certs';
const dir = { type: 'string', default: DEFAULT_DIR } as const;
const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;
const texts = { type: 'string', multiple: true, default: [] as string[] } as const;

const INIT = `certs -- init [--dir ${DEFAULT_DIR}] [--kind KIND] [--municipality 131016] [--force]
  Makes all five authorities, or the one of --kind. With --municipality they issue for that one only.
  --force replaces an authority; everything it issued is void from then on.`;

async function init(args: readonly string[], now: number): Promise<ExitCode> {
  const { values } = parseArguments(INIT, { dir, kind: text, municipality: text, force: flag }, { args });
  const municipality = values.municipality === undefined ? null : municipalityOf(values.municipality);
  const kinds = values.kind === undefined ? KINDS : [kindOf(values.kind)];
  const authorities = kinds.map((kind) => new Authority(values.dir, kind));
  const present = authorities.find((authority) => authority.exists);
  if (present && !values.force) {
    throw new Failure(`${present.folder} holds an authority already; --force replaces it and voids all it issued`);
  }
  for (const authority of authorities) {
    await authority.create(municipality, now, values.force);
    say(`${authority.folder}: authority made; its revocation list holds for 7 days`);
  }
  return 0;
}

const REQUEST = `certs -- request KIND --role client|server --name NAME [--dns HOST]… --out DIR [--force]
  On the host that will own the key: makes DIR/KIND-ROLE.key.pem (0600) and DIR/KIND-ROLE.csr.pem.
  Only the .csr.pem goes to the authority.`;

async function request(args: readonly string[]): Promise<ExitCode> {
  const options = { role: text, name: text, dns: texts, out: text, force: flag };
  const { values, positionals } = parseArguments(REQUEST, options, { args, positionals: 1 });
  const kind = kindOf(positionals[0]);
  const role = roleOf(values.role);
  const path = join(needed(values.out, 'out'), `${kind}-${role}`);
  const name = nameOf(values.name);
  for (const end of ['key', 'csr']) refuseExisting(`${path}.${end}.pem`, values.force);
  const key = await makeKey();
  makePrivateFolder(dirname(path));
  writeText(`${path}.key.pem`, key.privateKey, { replace: values.force });
  writeText(`${path}.csr.pem`, makeRequest(key, name, values.dns.map(hostOf)), { mode: 0o644, replace: values.force });
  say(`${path}.key.pem stays on this host; give ${path}.csr.pem to the ${kind} authority`);
  return 0;
}

const ISSUE = `certs -- issue KIND --role client|server --csr FILE --out FILE --name NAME
    [--municipality 131016] [--subject 田中太郎] [--dns HOST]… [--days ${LEAF_DAYS}] [--dir ${DEFAULT_DIR}] [--force] [--json]
  Certifies the key of a request. Identity and names come from these flags, never from the request.
  --municipality is needed for users and agents; --dns for servers; --subject is the name people see.

certs -- issue user --enrolment FILE --number XXXX-XXXX-XXXX-XXXX --out FILE [--days …] [--dir …] [--force] [--json]
  The same for a request from the gateway's queue (admin -- enrolment export): its file says whose it is. --number is what
  the person reads on the own screen and tells you by another way than the file came: only that makes sure whose key it is.`;

const ISSUE_OPTIONS = {
  ...{ dir, role: text, csr: text, out: text, name: text, municipality: text, subject: text, dns: texts, days: text },
  ...{ enrolment: text, number: text, force: flag, json: flag },
};
type IssueValues = ReturnType<typeof parseArguments<typeof ISSUE_OPTIONS>>['values'];

function issue(args: readonly string[], now: number): ExitCode {
  const { values, positionals } = parseArguments(ISSUE, ISSUE_OPTIONS, { args, positionals: 1 });
  const kind = kindOf(positionals[0]);
  const out = needed(values.out, 'out');
  const days = daysOf(values.days);
  const { publicKey, names } = values.enrolment === undefined ? fromFlags(kind, values) : fromQueue(kind, values);
  refuseExisting(out, values.force);
  const { pem, serial, notAfter } = new Authority(values.dir, kind).issue(publicKey, names, days, now);
  writeText(out, pem, { mode: 0o644, replace: values.force });
  const uri = identityUri(names.identity);
  const end = new Date(notAfter).toISOString();
  say(
    values.json
      ? JSON.stringify({ serial, uri, notAfter: end, out })
      : `${out}: ${uri} (${names.commonName}), serial ${serial}, until ${end}`,
  );
  return 0;
}

function fromFlags(kind: CertificateKind, values: IssueValues): Enrolment {
  const role = roleOf(values.role);
  const csr = needed(values.csr, 'csr');
  const name = nameOf(values.name);
  const municipality = values.municipality === undefined ? '-' : municipalityOf(values.municipality);
  const hosts = values.dns.map(hostOf);
  const commonName = subjectOf(values.subject ?? name);
  const { publicKey, wantedHosts } = checkRequest(readText(csr, 'the request'), csr);
  if (role === 'server' && hosts.length === 0 && wantedHosts.length > 0) {
    throw new Failure(`say with --dns which names to certify; the request asks for ${wantedHosts.join(', ')}`);
  }
  return { publicKey, names: { identity: { kind, municipality, name }, role, commonName, hosts } };
}

function fromQueue(kind: CertificateKind, { dns, ...values }: IssueValues): Enrolment {
  if (kind !== 'user') throw new Failure('--enrolment is for users only', 2);
  const named = (['role', 'csr', 'name', 'municipality', 'subject'] as const).find((one) => values[one] !== undefined);
  if (named || dns.length > 0)
    throw new Failure(`--${named ?? 'dns'} does not go with --enrolment: the file says it`, 2);
  return readEnrolment(needed(values.enrolment, 'enrolment'), needed(values.number, 'number'));
}

const REVOKE = `certs -- revoke --kind KIND --serial SERIAL --reason REASON [--dir ${DEFAULT_DIR}]
  Revokes and writes the new list. Copy it to every host that trusts the kind; running processes notice by themselves.
  Reasons: ${Object.keys(REVOCATION_REASONS).join(', ')}`;

function revoke(args: readonly string[], now: number): ExitCode {
  const { values } = parseArguments(REVOKE, { dir, kind: text, serial: text, reason: text }, { args });
  const authority = new Authority(values.dir, kindOf(values.kind));
  const serial = serialOf(values.serial);
  const first = authority.revoke(serial, reasonOf(values.reason), now);
  say(`${serial} ${first ? 'is revoked' : 'was revoked before'}; new list: ${authority.crlPath}`);
  return 0;
}

const CRL = `certs -- crl [--kind KIND] [--dir ${DEFAULT_DIR}]
  Writes new lists, of every authority in the folder or of one. Each holds for 7 days: run this daily.`;

function crl(args: readonly string[], now: number): ExitCode {
  const { values } = parseArguments(CRL, { dir, kind: text }, { args });
  const kinds = values.kind === undefined ? KINDS : [kindOf(values.kind)];
  const authorities = kinds.map((kind) => new Authority(values.dir, kind));
  const present = values.kind === undefined ? authorities.filter((one) => one.exists) : authorities;
  if (present.length === 0) throw new Failure(`${values.dir} holds no authority; "certs -- init" makes them`);
  for (const authority of present) {
    authority.publish(now);
    say(`new list: ${authority.crlPath}`);
  }
  return 0;
}

const SHOW = `certs -- show [--dir ${DEFAULT_DIR}] [--json]
  Lists authorities, revocation lists and certificates. Warns 30, 7 and 1 days before a certificate's end, 3 and 1 before
  a list's. Exits 1 if an authority or a list has run out, so that a timer can sound the alarm.`;

function show(args: readonly string[], now: number): ExitCode {
  const { values } = parseArguments(SHOW, { dir, json: flag }, { args });
  const states = stateOfAll(values.dir, now);
  say(values.json ? JSON.stringify({ authorities: states }) : describe(states, values.dir, now));
  return isAlarm(states) ? 1 : 0;
}

const CHECK_EXTERNAL = `certs -- check-external --chain FILE --crl FILE [--sample FILE]
  Checks that an outside authority can take the place of the user authority: --chain is PEM up to its root, --crl holds
  a list of each, --sample is one user's certificate.`;

function checkExternalCommand(args: readonly string[], now: number): ExitCode {
  const { values } = parseArguments(CHECK_EXTERNAL, { chain: text, crl: text, sample: text }, { args });
  const chain = needed(values.chain, 'chain');
  const trust = checkExternal(chain, needed(values.crl, 'crl'), now);
  say(`${chain} meets the profile: ${trust.authorities.length} authorities with current lists`);
  if (values.sample !== undefined) {
    say(`${values.sample} would be accepted as ${identityUri(checkSample(trust, values.sample, now))}`);
  } else {
    say('each user certificate also needs clientAuth and one URI urn:telework:user:…; check one with --sample');
  }
  return 0;
}

const DEMO = `certs -- demo [--dir ${DEFAULT_DIR}] [--municipality 131016] [--agent soumu] [--dns HOST]… [--force] [--json]
  Makes all authorities and the certificates of gateway, broker and one agent in one folder. For a demonstration only:
  whoever reads that folder is every authority and every host at once.`;

async function demo(args: readonly string[], now: number): Promise<ExitCode> {
  const names = { municipality: { ...text, default: '131016' }, agent: { ...text, default: 'soumu' } };
  const { values } = parseArguments(DEMO, { dir, ...names, dns: texts, force: flag, json: flag }, { args });
  const municipality = municipalityOf(values.municipality);
  const agent = nameOf(values.agent);
  await makeDemo({ dir: values.dir, municipality, agent, dns: values.dns.map(hostOf), force: values.force }, now);
  process.stderr.write(
    `DEMO ONLY / デモ専用: ${values.dir} holds every authority's and every host's key in one place. Never use it in earnest. ` +
      'すべての認証局と機器の秘密鍵が同じ場所にあります。本番では絶対に使わないでください。\n',
  );
  say(values.json ? JSON.stringify(demoFiles(values.dir)) : `${values.dir}: five authorities, six certificates`);
  return 0;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
