// Where the second factor of the headless client comes from: typed, given, or computed from an otpauth URI in a file.
import { createInterface } from 'node:readline/promises';
import { generate } from 'otplib';
import { Failure } from '#platform/process/exit.ts';
import { read } from './credentials.ts';

export interface CodeSource {
  otp: string | undefined;
  /** A file that holds an otpauth:// URI; whoever keeps it beside the certificate has one factor, not two. */
  uriFile: string | undefined;
  /** Use the code of this many seconds ago: 0, or 30 for the step before, which the gateway still takes. */
  ageSeconds: number;
}

export async function oneTimeCode(source: CodeSource, now: number): Promise<string> {
  if (source.otp) return source.otp;
  if (source.uriFile) return compute(source.uriFile, now / 1000 - source.ageSeconds);
  if (!process.stdin.isTTY) throw new Failure('no one-time code: give --otp or --totp-uri, or run in a terminal', 2);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question('認証コード(6桁)/ one-time code (6 digits): ')).trim();
  } finally {
    terminal.close();
  }
}

function compute(file: string, epochSeconds: number): Promise<string> {
  let secret: string | null = null;
  try {
    const uri = new URL(read(file).trim());
    if (uri.protocol === 'otpauth:') secret = uri.searchParams.get('secret');
  } catch (error) {
    if (error instanceof Failure) throw error;
  }
  if (!secret) throw new Failure(`${file}: holds no otpauth:// URI`);
  return generate({ secret, epoch: Math.floor(epochSeconds) });
}
