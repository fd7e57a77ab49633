// npm run connect: the headless client. Only the command line here.
import { join } from 'node:path';
import { parseArguments } from '#platform/process/args.ts';
import { Failure, runCommand } from '#platform/process/exit.ts';
import { NAME } from '#protocol/names.ts';
import { type ConnectOptions, connect, report } from './connect.ts';
import { FILES, read } from './credentials.ts';
import { makeKeyAndRequest, takeCertificate } from './enrol.ts';
import { collect, type HandedIn, handIn } from './enrol-online.ts';

const USAGE = `
npm run connect -- --user ID [options]            opens a desktop without a window
npm run connect -- pair --user ID --desktop ID --code XXXX-XXXX-XXXX-XXXX
                                                  pairs this device; the code comes from the office side
npm run connect -- enrol --user ID --name NAME --enrolment URL --code XXXX-XXXX-XXXX-XXXX
                                                  makes a key here and asks for a certificate with the administrator's code
npm run connect -- enrol --user ID --enrolment URL --p12-password-file FILE [--wait SECONDS]
                                                  fetches the certificate when it is there, makes the .p12
  The same by files, where there is no enrolment listener:
npm run connect -- enrol --user ID --name NAME    makes key and request on this device (step 1)
npm run connect -- enrol --user ID --certificate FILE --p12-password-file FILE
                                                  takes the certificate that came back, makes the .p12 (step 2)

  --gateway URL          default https://localhost:8443
  --enrolment URL        the gateway's second listener, such as https://localhost:8444
  --desktop ID           municipality/agent/name; not needed if there is only one
  --credentials DIR      default var/client/ID
  --p12 FILE --p12-password-file FILE   sign in with a .p12 instead of key and certificate
  --otp CODE             the one-time code; asked for in a terminal if absent
  --totp-uri FILE        a file with an otpauth:// URI to compute it from (tests and demonstrations)
  --otp-age SECONDS      0 (default) or 30: the code of the step before, which is still taken
  --suite p256|x25519    key exchange beside ML-KEM-768 (default p256)
  --pair-code CODE       pair first, in the same sign-in
  --type TEXT            types it and waits until its pixels have arrived
  --screenshot FILE.png  writes what the client sees
  --stay SECONDS         stays connected that long (default 0; 0 with --type or --screenshot ends when they are done)
  --json                 prints one object
  --force                enrol: replace existing files
`;

await runCommand(async () => {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values, positionals } = parseArguments(
    USAGE,
    {
      user: text,
      gateway: { ...text, default: 'https://localhost:8443' },
      desktop: text,
      credentials: text,
      p12: text,
      'p12-password-file': text,
      otp: text,
      'totp-uri': text,
      'otp-age': { ...text, default: '0' },
      suite: { ...text, default: 'p256' },
      code: text,
      'pair-code': text,
      type: text,
      screenshot: text,
      stay: { ...text, default: '0' },
      name: text,
      certificate: text,
      enrolment: text,
      wait: { ...text, default: '0' },
      json: flag,
      force: flag,
    },
    { positionals: 1 },
  );
  const credentials = values.credentials ?? join('var', 'client', userOf(values.user));
  const password = () => read(needed(values['p12-password-file'], 'p12-password-file')).trim();

  switch (positionals[0] ?? 'connect') {
    case 'enrol': {
      if (values.enrolment && values.code) {
        const listener = urlOf('enrolment', values.enrolment);
        const handedIn = await handIn(credentials, listener, needed(values.name, 'name'), values.code, values.force);
        process.stdout.write(values.json ? `${JSON.stringify(handedIn)}\n` : sayHandedIn(handedIn));
      } else if (values.enrolment) {
        const waitMs = secondsOf('wait', values.wait) * 1000;
        process.stdout.write(
          `${await collect(credentials, urlOf('enrolment', values.enrolment), password(), waitMs)}\n`,
        );
      } else if (values.certificate) {
        const p12 = takeCertificate(credentials, values.certificate, password(), values.force);
        process.stdout.write(`${p12}\n`);
      } else {
        const request = await makeKeyAndRequest(credentials, needed(values.name, 'name'), values.force);
        const key = join(credentials, FILES.key);
        process.stdout.write(`${request}\n鍵は端末に残ります / the key stays here: ${key}\n`);
      }
      return 0;
    }
    case 'pair':
      needed(values.code, 'code');
      needed(values.desktop, 'desktop');
      break;
    case 'connect':
      break;
    default:
      throw new Failure(`unknown command "${positionals[0]}"; --help shows the usage`, 2);
  }

  const options: ConnectOptions = {
    user: userOf(values.user),
    gateway: urlOf('gateway', values.gateway),
    desktop: values.desktop ?? null,
    credentials,
    p12: values.p12 ? { file: values.p12, password: password() } : null,
    code: { otp: values.otp, uriFile: values['totp-uri'], ageSeconds: ageOf(values['otp-age']) },
    suite: suiteOf(values.suite),
    pairingCode: values.code ?? values['pair-code'] ?? null,
    onlyPair: positionals[0] === 'pair',
    type: values.type ?? null,
    screenshot: values.screenshot ?? null,
    staySeconds: secondsOf('stay', values.stay),
  };
  const result = await connect(options, (line) => {
    if (!values.json) process.stderr.write(`${line}\n`);
  });
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : report(result));
  return 0;
});

function needed(value: string | undefined, name: string): string {
  if (!value) throw new Failure(`--${name} is missing; --help shows the usage`, 2);
  return value;
}

function userOf(value: string | undefined): string {
  const user = needed(value, 'user');
  if (!NAME.test(user)) throw new Failure('--user is not a user id', 2);
  return user;
}

function urlOf(option: string, value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url?.protocol !== 'https:') throw new Failure(`--${option} must be https://host:port`, 2);
  return url;
}

function suiteOf(value: string): ConnectOptions['suite'] {
  if (value === 'p256' || value === 'x25519') return value;
  throw new Failure('--suite must be p256 or x25519', 2);
}

function ageOf(value: string): number {
  if (value !== '0' && value !== '30') throw new Failure('--otp-age must be 0 or 30', 2);
  return Number(value);
}

function secondsOf(option: string, value: string): number {
  const seconds = Number(value);
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > 43_200) {
    throw new Failure(`--${option} must be 0 to 43200`, 2);
  }
  return seconds;
}

function sayHandedIn({ request, expiresAt }: HandedIn): string {
  return (
    `申請しました。受付番号を担当者に伝えてください / handed in; tell your administrator this number: ${request}\n` +
    `受け取り期限 / to be fetched until: ${expiresAt}\n`
  );
}
