// Japanese from a keyboard: the client sends physical keys only, and an input method on the remote desktop makes text of
// them, switched on and worked by the keys of a JIS keyboard. What was committed is read from a file there.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { keysFor } from '#client-sim/keyboard.ts';
import { NEEDED_FOR_VNC_DESKTOP, startVncDesktop, type VncDesktop } from '#lab/vnc-desktop.ts';
import type { InputEvent } from '#protocol/inner/profile.ts';
import { connectInProcess, type InProcessClient, type View } from '#tests/support/in-process-client.ts';
import { type InputMethod, NEEDED_FOR_INPUT_METHOD, startInputMethod } from '#tests/support/input-method.ts';
import { needs } from '#tests/support/need.ts';
import { expectThroughWatermark } from '#tests/support/pictures.ts';
import { readRawPicture } from '#tests/support/raw-rfb.ts';
import { useSystem } from '#tests/support/system.ts';

const WAIT = { timeout: 15_000, interval: 50 };
const SIZE = { width: 800, height: 500 };
const KEY = { hankakuZenkaku: 0x29, henkan: 0x79, muhenkan: 0x7b, enter: 0x1c };

describe.skipIf(!needs(...NEEDED_FOR_VNC_DESKTOP, ...NEEDED_FOR_INPUT_METHOD))(
  'Japanese through an input method on the remote desktop',
  () => {
    let desktop: VncDesktop;
    let inputMethod: InputMethod;
    beforeAll(async () => {
      desktop = await startVncDesktop({ ...SIZE, xterm: false });
      inputMethod = await startInputMethod(desktop.env);
    });
    afterAll(async () => {
      await inputMethod?.stop();
      await desktop?.stop();
    });

    const up = useSystem(() => [{ name: 'vnc-01', kind: 'vnc', address: desktop.address }]);
    let client: InProcessClient;
    let view: View;
    beforeAll(async () => {
      client = await connectInProcess(up.system, up.tanaka);
      view = await client.open(up.system.desktops[0] as string);
      await view.picture.complete;
    });
    afterAll(() => client?.close());

    /** As with an input method on at the client, too: no keysym says what a key would mean there. */
    function send(events: readonly InputEvent[]): void {
      for (const event of events) view.session.input({ ...event, ...('keysym' in event && { keysym: 0 }) });
    }
    const strike = (...codes: readonly number[]) =>
      send(codes.flatMap((code) => [true, false].map((down) => ({ type: 'physical-key', down, keysym: 0, code }))));

    let arrived = '';
    async function expectLine(line: string): Promise<void> {
      arrived += `${line}\n`;
      await vi.waitFor(() => expect(inputMethod.typed()).toBe(arrived), WAIT);
    }

    it('goes through as it is while the input method is off', async () => {
      send(keysFor('juuminhyou ~^@[]:\\_|\n'));
      await expectLine('juuminhyou ~^@[]:\\_|');
    });

    it('is switched on by 半角/全角', async () => {
      strike(KEY.hankakuZenkaku);
      await vi.waitFor(async () => expect(await inputMethod.current()).toBe('mozc'), WAIT);
    });

    it.each([
      ['juuminhyou', '住民票'],
      ['nihongonyuuryoku', '日本語入力'],
      ['juuminhyounoutsushiwokoufusuru', '住民票の写しを交付する'],
    ])('makes %s, converted by 変換, to %s', async (romaji, kanji) => {
      send(keysFor(romaji));
      strike(KEY.henkan, KEY.enter, KEY.enter);
      await expectLine(kanji);
    });

    it('leaves hiragana without a conversion, and makes katakana of it by 無変換', async () => {
      send(keysFor('worowoyamu\n\n'));
      await expectLine('をろをやむ');
      send(keysFor('terewa-ku'));
      strike(KEY.muhenkan, KEY.enter, KEY.enter);
      await expectLine('テレワーク');
    });

    it('shows the client what is being composed, pixel for pixel', async () => {
      const before = await readRawPicture(desktop.socketPath);
      send(keysFor('shiyakusho'));
      strike(KEY.henkan);
      await vi.waitFor(async () => {
        const now = await readRawPicture(desktop.socketPath);
        expect(Buffer.compare(now.pixels, before.pixels)).not.toBe(0);
        expectThroughWatermark(view.picture, view.watermarks, [now]);
      }, WAIT);
      strike(KEY.enter, KEY.enter);
      await expectLine('市役所');
    });

    it('is switched off by 半角/全角', async () => {
      strike(KEY.hankakuZenkaku);
      await vi.waitFor(async () => expect(await inputMethod.current()).toBe('keyboard-jp'), WAIT);
      send(keysFor('owari\n'));
      await expectLine('owari');
    });
  },
);
