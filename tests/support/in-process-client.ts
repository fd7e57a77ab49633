// The headless client inside the test's own process, so that a test can look at pixels while it types and points.
import { Watermark } from '#agent/screen/watermark.ts';
import { deviceKey, pin, pinOf, readCertified } from '#client-sim/credentials.ts';
import { ClientFramebuffer } from '#client-sim/framebuffer.ts';
import { oneTimeCode } from '#client-sim/one-time-code.ts';
import { openTransport } from '#client-sim/transport.ts';
import { type Person, pairingCode } from '#lab/person.ts';
import { MUNICIPALITY, type System } from '#lab/system.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { DEFAULT_SUITE, type Suite } from '#protocol/inner/suites.ts';
import { DesktopSession } from '#web/core/desktop-session.ts';
import type { End } from '#web/core/ends.ts';
import { signInWithTotp } from '#web/core/gateway-api.ts';
import { openDesktop, pairDevice, type Surroundings } from '#web/core/open.ts';
import { proverOf } from './end-to-end.ts';
import { FrameClient } from './frame-client.ts';

export interface InProcessClient {
  readonly around: Surroundings;
  /** Pairs first if need be. @throws as openDesktop, and as pairDevice */
  open(desktop: string, suite?: Suite): Promise<View>;
  /** Ends every session and the connections. */
  close(): void;
}

export interface View {
  readonly session: DesktopSession;
  readonly picture: ClientFramebuffer;
  /** The same stream once more, rectangle by rectangle as it came. */
  readonly stream: FrameClient;
  readonly suite: Suite;
  readonly ended: Promise<End>;
  /** What the agent must have burnt in; two if the minute turned while it began. */
  readonly watermarks: readonly Watermark[];
}

/** Signs in once: a one-time code is taken once. */
export async function connectInProcess(system: System, person: Person): Promise<InProcessClient> {
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
  const source = { otp: undefined, uriFile: person.totpFile, ageSeconds: 0 };
  await signInWithTotp(around.request, await oneTimeCode(source, Date.now()));
  const views: View[] = [];
  return {
    around,
    async open(desktop, suite = DEFAULT_SUITE) {
      const opening = { suite, user: person.user, desktop, prover: proverOf(deviceKey(person.folder, true)) };
      const code = await pairingCode(system, person, desktop);
      if (code) pin(person.folder, desktop, (await pairDevice(around, opening, code)).agentKey);
      const pinned = pinOf(person.folder, desktop);
      if (!pinned) throw new Error(`${desktop} is not paired`);
      const before = new Date();
      const opened = await openDesktop(around, opening, { agentKey: pinned, credentialId: null });
      const { id, suite: agreed } = opened.established.session;
      const starts = new Set([before, new Date()].map((time) => time.toISOString().slice(0, 16).replace('T', ' ')));
      const marks = [...starts].map((start) => [
        `${person.user} ${MUNICIPALITY} ${desktop}`,
        `${id.slice(0, 8)} ${start}Z`,
      ]);

      const { width, height } = opened.ready;
      const picture = new ClientFramebuffer(width, height);
      const stream = new FrameClient({ width, height });
      const { promise: ended, resolve } = Promise.withResolvers<End>();
      const session: DesktopSession = new DesktopSession(around, opened, {
        async frame(bytes) {
          await Promise.all([picture.push(bytes), stream.push(bytes)]);
          session.drawn(picture.drawn);
        },
        ended: resolve,
      });
      const watermarks = marks.map((lines) => new Watermark(lines));
      const view: View = { session, picture, stream, suite: agreed, ended, watermarks };
      views.push(view);
      return view;
    },
    close() {
      for (const { session } of views) session.end();
      transport.close();
    },
  };
}
