// The run's own user: the product's client core, signed in at the real gateway, whose cipher is recorded, and between whom
// and the gateway the run may put something.
import { deviceKey, readCertified } from '#client-sim/credentials.ts';
import { ClientFramebuffer } from '#client-sim/framebuffer.ts';
import { oneTimeCode } from '#client-sim/one-time-code.ts';
import { openTransport } from '#client-sim/transport.ts';
import type { Person } from '#lab/person.ts';
import type { System } from '#lab/system.ts';
import { callLocal } from '#platform/process/local-call.ts';
import type { Bytes } from '#protocol/bytes.ts';
import type { Cipher, SigningKey } from '#protocol/inner/cipher.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import type { Ready } from '#protocol/inner/handshake.ts';
import { DEFAULT_SUITE, type Suite } from '#protocol/inner/suites.ts';
import type { DataSocket } from '#protocol/outer/data-socket.ts';
import { DesktopSession } from '#web/core/desktop-session.ts';
import type { End } from '#web/core/ends.ts';
import { signInWithTotp } from '#web/core/gateway-api.ts';
import {
  type OpenedSession,
  type Opening,
  openDesktop,
  type Pinned,
  pairDevice,
  type Surroundings,
} from '#web/core/open.ts';

export interface Client {
  readonly user: string;
  readonly around: Surroundings;
  readonly deviceKey: SigningKey;
  /** Of the sign-in; it was taken and is good for nothing any more. */
  readonly oneTimeCode: string;
  /** The code of each pairing so far. */
  readonly pairingCodes: readonly string[];
  /** Pairs this device with the desktop as at the office; once for each. */
  pair(desktop: string): Promise<void>;
  pinned(desktop: string): Pinned;
  /** @throws as openDesktop */
  open(desktop: string, options?: OpenOptions): Promise<OpenedSession>;
  /** Opens, draws and acknowledges as a person's client does. */
  view(desktop: string, options?: OpenOptions): Promise<View>;
  /** Ends the connections. */
  close(): void;
}

export interface OpenOptions {
  readonly cipher?: Cipher;
  readonly suite?: Suite;
  /** Stands between the client and whom it dialled. */
  readonly through?: (socket: DataSocket) => Promise<DataSocket>;
  /** Monotonic milliseconds, for a client whose clock the run sets. */
  readonly now?: () => number;
}

export interface View {
  /** Its id. */
  readonly id: string;
  readonly ready: Ready;
  readonly session: DesktopSession;
  readonly picture: ClientFramebuffer;
  readonly ended: Promise<End>;
  /** Null as long as it goes on. */
  readonly end: End | null;
}

const directly = async (socket: DataSocket) => socket;

/** Signs in once: a one-time code is taken once. */
export async function signInClient(system: System, person: Person): Promise<Client> {
  const { tls } = readCertified(person.folder, null, Date.now());
  const transport = openTransport(new URL(system.gateway), tls);
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
  const code = await oneTimeCode({ otp: undefined, uriFile: person.totpFile, ageSeconds: 0 }, Date.now());
  await signInWithTotp(around.request, code);

  const device = deviceKey(person.folder, true);
  const pins = new Map<string, Bytes>();
  const pairingCodes: string[] = [];
  const asked = (desktop: string, suite: Suite = DEFAULT_SUITE): Opening => ({
    ...{ suite, user: person.user, desktop },
    prover: { kind: 'device-key', key: device },
  });
  const client: Client = {
    user: person.user,
    around,
    deviceKey: device,
    oneTimeCode: code,
    pairingCodes,
    async pair(desktop) {
      const command = { user: person.user, desktop, add: false };
      const issued = (await callLocal(system.sockets.agent, 'pair', command)) as { code: string };
      pairingCodes.push(issued.code);
      pins.set(desktop, (await pairDevice(around, asked(desktop), issued.code)).agentKey);
    },
    pinned(desktop) {
      const agentKey = pins.get(desktop);
      if (!agentKey) throw new Error(`${desktop} is not paired`);
      return { agentKey, credentialId: null };
    },
    open(desktop, { cipher = nodeCipher, suite, through = directly, now = around.now } = {}) {
      const dial = async () => through(await around.dial());
      return openDesktop({ ...around, cipher, now, dial }, asked(desktop, suite), client.pinned(desktop));
    },
    async view(desktop, options = {}) {
      const { cipher = nodeCipher, now = around.now } = options;
      return viewOf({ ...around, cipher, now }, await client.open(desktop, options));
    },
    close: () => transport.close(),
  };
  return client;
}

function viewOf(around: Surroundings, opened: OpenedSession): View {
  const { width, height } = opened.ready;
  const picture = new ClientFramebuffer(width, height);
  const { promise: ended, resolve } = Promise.withResolvers<End>();
  let end: End | null = null;
  const session: DesktopSession = new DesktopSession(around, opened, {
    async frame(bytes) {
      await picture.push(bytes);
      session.drawn(picture.drawn);
    },
    ended(how) {
      end = how;
      resolve(how);
    },
  });
  return {
    id: opened.established.session.id,
    ready: opened.ready,
    session,
    picture,
    ended,
    get end() {
      return end;
    },
  };
}
