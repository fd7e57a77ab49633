// One run of the headless client: sign in, pair if asked to, open, work, leave. Each step says what it does; the result
// holds what was measured.
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '#platform/process/exit.ts';
import { CODES } from '#protocol/codes.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { SUITES, Suite } from '#protocol/inner/suites.ts';
import { DesktopSession } from '#web/core/desktop-session.ts';
import { type End, endOf } from '#web/core/ends.ts';
import { listDesktops, type SignedIn, signInWithTotp, signOut } from '#web/core/gateway-api.ts';
import { type Opening, openDesktop, type Prover, pairDevice, type Surroundings } from '#web/core/open.ts';
import { deviceKey, pin, pinOf, readCertified } from './credentials.ts';
import { ClientFramebuffer } from './framebuffer.ts';
import { type CodeSource, oneTimeCode } from './one-time-code.ts';
import { writeScreenshot } from './screenshot.ts';
import { openTransport, type Transport } from './transport.ts';
import { typeAndWait } from './typing.ts';

/** The whole screen of a desktop must stand within this. */
const FIRST_FRAME_MAX_MS = 20_000;

const CERTIFICATE_WARNING_MS = 10 * 60_000;
const STAY_MAX_MS = 43_200_000;

export interface ConnectOptions {
  user: string;
  gateway: URL;
  /** null: the only one there is */
  desktop: string | null;
  credentials: string;
  p12: { file: string; password: string } | null;
  code: CodeSource;
  suite: keyof typeof Suite;
  pairingCode: string | null;
  onlyPair: boolean;
  type: string | null;
  screenshot: string | null;
  staySeconds: number;
}

export interface ConnectResult {
  signedIn: string;
  municipality: string;
  factors: string[];
  desktop: string;
  paired: boolean;
  suite: string;
  tlsGroup: string | null;
  /** From asking to open until every pixel stood; null where only a pairing was wanted. */
  firstFrameMs: number | null;
  inputToPixelMs: number | null;
  frameBytes: number;
  width: number | null;
  height: number | null;
  screenshot: string | null;
  /** When the certificate runs out, and 30, 7 or 1 if it is no more days than that. */
  certificateExpiresAt: string | null;
  certificateWarning: number | null;
}

/** @throws Failure with the sentence of the code, in Japanese and English, and who said so */
export async function connect(options: ConnectOptions, say: (line: string) => void): Promise<ConnectResult> {
  const { identity, tls } = readCertified(options.credentials, options.p12, Date.now());
  if (identity.name !== options.user) throw new Failure(`the certificate belongs to ${identity.name}`);
  const transport = openTransport(options.gateway, tls);
  const around: Surroundings = {
    request: transport.request,
    dial: transport.dial,
    cipher: nodeCipher,
    now: () => performance.now(),
    after(ms, callback) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
  };
  try {
    const signedIn = await signInWithTotp(around.request, await oneTimeCode(options.code, Date.now()));
    say(`サインインしました / signed in: ${signedIn.user} (${signedIn.factors.join(' + ')})`);
    const { certificateExpiresAt, certificateWarning } = signedIn;
    if (certificateExpiresAt && certificateWarning != null) {
      say(`証明書の有効期限が近づいています / the certificate is about to end: ${certificateExpiresAt}`);
    }
    const desktop = options.desktop ?? (await onlyDesktop(around));
    const opening = { suite: Suite[options.suite], user: options.user, desktop };
    if (options.pairingCode) {
      await pair(around, options, opening, options.pairingCode);
      say(`端末を登録しました / device paired with ${desktop}`);
    }
    const worked = options.onlyPair ? null : await work(around, options, opening, say);
    // Signing out is courtesy; the session at the gateway ends by itself.
    await signOut(around.request).catch(() => {});
    return result(signedIn, desktop, options, transport, worked);
  } catch (error) {
    throw explained(error);
  } finally {
    transport.close();
  }
}

async function onlyDesktop(around: Surroundings): Promise<string> {
  const entries = await listDesktops(around.request);
  const [only, second] = entries;
  if (!only)
    throw new Failure('利用できるデスクトップがありません。/ There is no desktop for you; ask your administrator.');
  if (second)
    throw new Failure(`--desktop is missing; there are ${entries.map((entry) => entry.desktop).join(', ')}`, 2);
  return only.desktop;
}

type Chosen = Omit<Opening, 'prover'>;

async function pair(around: Surroundings, options: ConnectOptions, opening: Chosen, code: string): Promise<void> {
  const prover: Prover = { kind: 'device-key', key: deviceKey(options.credentials, true) };
  const { agentKey } = await pairDevice(around, { ...opening, prover }, code);
  pin(options.credentials, opening.desktop, agentKey);
}

interface Worked {
  firstFrameMs: number;
  inputToPixelMs: number | null;
  frameBytes: number;
  width: number;
  height: number;
}

async function work(
  around: Surroundings,
  options: ConnectOptions,
  opening: Chosen,
  say: (line: string) => void,
): Promise<Worked> {
  const trusted = pinOf(options.credentials, opening.desktop);
  if (!trusted)
    throw new Failure('この端末は登録されていません。/ This device is not paired: npm run connect -- pair --help');
  const prover: Prover = { kind: 'device-key', key: deviceKey(options.credentials, false) };
  const began = around.now();
  const opened = await openDesktop(around, { ...opening, prover }, { agentKey: trusted, credentialId: null });
  const { width, height } = opened.ready;
  say(`開きました / opened: ${opening.desktop} ${width}×${height}, ${SUITES[opening.suite].name}`);

  const picture = new ClientFramebuffer(width, height);
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => {}); // looked at only where something is awaited
  let left = false;
  const session = new DesktopSession(around, opened, {
    async frame(bytes) {
      await picture.push(bytes);
      session.drawn(picture.drawn);
    },
    ended: (end) => {
      if (!left) ended.reject(new SessionEnded(end));
    },
  });
  const callOffWarning = warnOfCertificate(around, opened.certificateEndsAt, say);
  const whileLive = <T>(work: Promise<T>): Promise<T> => Promise.race([work, ended.promise]);
  try {
    await whileLive(withinTime(picture.complete, FIRST_FRAME_MAX_MS));
    const firstFrameMs = around.now() - began;
    say(`最初の画面 / first frame: ${firstFrameMs.toFixed(0)} ms`);
    const inputToPixelMs =
      options.type === null ? null : await whileLive(typeAndWait(around.now, session, picture, options.type));
    // The session keeps the program running, and nothing else may: whoever is cut off is gone at once.
    if (options.staySeconds > 0) await whileLive(delay(options.staySeconds * 1000, null, { ref: false }));
    if (options.screenshot) writeScreenshot(options.screenshot, picture);
    left = true;
    return {
      firstFrameMs,
      inputToPixelMs,
      frameBytes: session.receivedBytes,
      width: picture.width,
      height: picture.height,
    };
  } finally {
    left = true;
    callOffWarning();
    session.end();
    ended.reject(new Error('over'));
  }
}

/** @returns calls it off */
function warnOfCertificate({ now, after }: Surroundings, endsAt: number, say: (line: string) => void): () => void {
  const warn = () => {
    const minutes = Math.max(1, Math.ceil((endsAt - now()) / 60_000));
    say(
      `証明書の期限まであと ${minutes} 分です。切れると終了します / the certificate, and this session, ends in ${minutes} min`,
    );
  };
  const wait = endsAt - CERTIFICATE_WARNING_MS - now();
  if (wait > 0) return wait < STAY_MAX_MS ? after(wait, warn) : () => {};
  warn();
  return () => {};
}

class SessionEnded extends Error {
  readonly end: End;

  constructor(end: End) {
    super(end.code);
    this.end = end;
  }
}

async function withinTime<T>(work: Promise<T>, ms: number): Promise<T> {
  const stop = new AbortController();
  const late = delay(ms, null, { signal: stop.signal }).then(() => {
    throw new Failure(`no complete picture after ${ms} ms`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    stop.abort();
  }
}

/** One line for people: the code's sentence, and whether anybody authentic said so. */
function explained(error: unknown): Error {
  if (error instanceof Failure) return error;
  const { code, authentic } = error instanceof SessionEnded ? error.end : endOf(error);
  const { ja, en } = CODES[code];
  return new Failure(
    `${code}: ${ja} / ${en}${authentic ? '' : ' (中継からの通知・未認証 / said by a relay, not authenticated)'}`,
  );
}

function result(
  signedIn: SignedIn,
  desktop: string,
  options: ConnectOptions,
  transport: Transport,
  worked: Worked | null,
): ConnectResult {
  return {
    signedIn: signedIn.user,
    municipality: signedIn.municipality,
    factors: signedIn.factors,
    desktop,
    paired: options.pairingCode !== null,
    suite: SUITES[Suite[options.suite]].name,
    tlsGroup: transport.tlsGroup(),
    firstFrameMs: rounded(worked?.firstFrameMs),
    inputToPixelMs: rounded(worked?.inputToPixelMs),
    frameBytes: worked?.frameBytes ?? 0,
    width: worked?.width ?? null,
    height: worked?.height ?? null,
    screenshot: worked ? options.screenshot : null,
    certificateExpiresAt: signedIn.certificateExpiresAt ?? null,
    certificateWarning: signedIn.certificateWarning ?? null,
  };
}

const rounded = (ms: number | null | undefined) => (ms == null ? null : Math.round(ms * 10) / 10);

/** The result as a person reads it. */
export function report(result: ConnectResult): string {
  const rows: [string, unknown][] = [
    ['利用者 / user', `${result.signedIn} (${result.factors.join(' + ')})`],
    ['デスクトップ / desktop', result.desktop],
    ['暗号 / suite', `${result.suite}; TLS ${result.tlsGroup}`],
    ['最初の画面 / first frame', result.firstFrameMs === null ? null : `${result.firstFrameMs} ms`],
    ['入力から画素まで / input to pixel', result.inputToPixelMs === null ? null : `${result.inputToPixelMs} ms`],
    ['受信 / received', result.frameBytes ? `${result.frameBytes} bytes` : null],
    ['画面の保存先 / screenshot', result.screenshot],
  ];
  return rows.flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}\n`])).join('');
}
