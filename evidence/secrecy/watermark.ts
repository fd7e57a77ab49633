// A3: the mark is in the pixels before they are encoded and sealed. Looked at as a hostile client has them: decoded, without
// any page that might draw a mark by itself.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { marked, Watermark } from '#agent/screen/watermark.ts';
import { writeScreenshot } from '#client-sim/screenshot.ts';
import { MUNICIPALITY } from '#lab/system.ts';
import type { Judgement, Proof, Said } from '../proof.ts';
import type { Client } from './client.ts';
import { type OwnDesktop, SECRECY, SIZES } from './stage.ts';

export interface MarkedScreen {
  readonly width: number;
  readonly height: number;
  /** Pixels that the mark of this user, desktop, session and time covers. */
  readonly mark: number;
  /** Of those, as many as look as marked. */
  readonly asMarked: number;
  /** Other pixels that are not as the desktop has them. */
  readonly stray: number;
  /** Of the whole regions of REGION, those without one pixel of a mark. */
  readonly emptyRegions: number;
}

export interface Watermarks {
  readonly screens: readonly MarkedScreen[];
}

/** A part of a screen that is photographed or cut out has at least this size to be of use to anybody. */
const REGION = { width: 400, height: 200 };
/** Thinner and nobody could read it. */
const MARK_MIN_SHARE = 0.005;
const RESTED_MAX_MS = 10_000;
const LOOK_MS = 100;

export const watermarkProof: Proof<Watermarks> = {
  name: 'a3-watermark',
  requirements: ['A3'],
  claim: {
    ja: '透かし（利用者・端末・接続番号・日時）は、届いた画面そのものに焼き込まれている。',
    en: 'The watermark (user, desktop, session, date and time) is part of the very pixels that arrive.',
  },
  tried: {
    ja: `${Object.values(SIZES)
      .map((size) => size.join('×'))
      .join('、')} の画面を、表示プログラムなしで復号し、庁内側の元の画素と 1 画素ずつ比べた。`,
    en: `Screens of ${Object.values(SIZES)
      .map((size) => size.join('×'))
      .join(', ')} decoded without any user interface and compared with the desktop's own pixels, one by one.`,
  },
  needs: [],
  async collect(run) {
    const { client, desktops, over } = await run.stage(SECRECY);
    const screens: MarkedScreen[] = [];
    for (const name of Object.keys(SIZES)) {
      run.progress(screens.length / 3, name);
      const desktop = desktops.get(name) as OwnDesktop;
      const { session, screen } = await look(client, desktop, run.folder);
      screens.push(screen);
      await over(session);
    }
    return { screens };
  },
  judge: judgeWatermarks,
};

async function look(client: Client, desktop: OwnDesktop, folder: string) {
  const starts = [new Date()];
  const view = await client.view(desktop.id);
  starts.push(new Date());
  const lines = (start: Date) => [
    `${client.user} ${MUNICIPALITY} ${desktop.id}`,
    `${view.id.slice(0, 8)} ${start.toISOString().slice(0, 16).replace('T', ' ')}Z`,
  ];
  await view.picture.complete;
  const { width, height } = view.picture;
  const masks = starts.map((start) => new Watermark(lines(start)).lay(width, height));
  const until = performance.now() + RESTED_MAX_MS;
  let screen: MarkedScreen;
  do {
    // What rests is refined until it is exact.
    await delay(LOOK_MS);
    const shown = Buffer.from(view.picture.pixels);
    const compared = masks.map((mask) => compare(shown, desktop, mask));
    screen = compared.reduce((best, other) =>
      other.asMarked - other.stray > best.asMarked - best.stray ? other : best,
    );
  } while (!(screen.asMarked === screen.mark && screen.stray === 0) && performance.now() < until);
  const size = `${width}x${height}`;
  writeScreenshot(join(folder, `${size}.png`), view.picture);
  writeScreenshot(join(folder, `${size}-mark-alone.png`), {
    width,
    height,
    pixels: differences(view.picture.pixels, desktop),
  });
  view.session.end();
  return { session: view.id, screen };
}

function compare(shown: Buffer, { width, height, picture }: OwnDesktop, mask: Uint8Array): MarkedScreen {
  const [seen, bare] = [shown, picture].map((bytes) => new Uint32Array(new Uint8Array(bytes).buffer)) as [
    Uint32Array,
    Uint32Array,
  ];
  let [mark, asMarked, stray] = [0, 0, 0];
  const markedRegions = new Set<string>();
  for (let i = 0; i < bare.length; i++) {
    const pixel = ((bare[i] as number) | 0xff00_0000) >>> 0;
    const isMark = mask[i] === 1;
    if (isMark) mark++;
    if (isMark && seen[i] === marked(pixel)) {
      asMarked++;
      const [x, y] = [i % width, Math.floor(i / width)];
      markedRegions.add(`${Math.floor(x / REGION.width)},${Math.floor(y / REGION.height)}`);
    }
    if (!isMark && seen[i] !== pixel) stray++;
  }
  const regions = Math.floor(width / REGION.width) * Math.floor(height / REGION.height);
  const whole = [...markedRegions].filter((region) => {
    const [column = 0, row = 0] = region.split(',').map(Number);
    return (column + 1) * REGION.width <= width && (row + 1) * REGION.height <= height;
  });
  return { width, height, mark, asMarked, stray, emptyRegions: regions - whole.length };
}

/** Black where a pixel is not the desktop's own: what a person can read is the mark. */
function differences(shown: Uint8Array, { picture }: OwnDesktop): Uint8Array {
  const pixels = new Uint8Array(shown.length).fill(255);
  for (let at = 0; at < shown.length; at += 4) {
    const same = [0, 1, 2].every((channel) => shown[at + channel] === picture[at + channel]);
    if (!same) pixels.fill(0, at, at + 3);
  }
  return pixels;
}

export function judgeWatermarks({ screens }: Watermarks): Judgement {
  const fail = (ja: string, en: string): Judgement => ({ result: 'fail', seen: { ja, en } });
  const sizes = new Set(screens.map(({ width, height }) => `${width}×${height}`));
  if (sizes.size < Object.keys(SIZES).length)
    return fail('3 種類の解像度を見ていない。', 'Fewer than three resolutions were looked at.');
  for (const { width, height, mark, asMarked, stray, emptyRegions } of screens) {
    const size = `${width}×${height}`;
    if (mark < MARK_MIN_SHARE * width * height)
      return fail(`${size}: 透かしが薄すぎる（${mark} 画素）。`, `${size}: a mark of ${mark} pixels cannot be read.`);
    if (asMarked < mark)
      return fail(
        `${size}: 透かしの ${mark} 画素のうち ${mark - asMarked} 画素に透かしがない。`,
        `${size}: ${mark - asMarked} of the mark's ${mark} pixels are bare.`,
      );
    if (stray > 0)
      return fail(
        `${size}: 透かし以外の ${stray} 画素が元の画面と違う。`,
        `${size}: ${stray} pixels besides the mark differ from the desktop's.`,
      );
    if (emptyRegions > 0)
      return fail(
        `${size}: 透かしのない区画が ${emptyRegions} ある。`,
        `${size}: ${emptyRegions} regions have no mark.`,
      );
  }
  return { result: 'pass', seen: passed(screens) };
}

function passed(screens: readonly MarkedScreen[]): Said {
  const each = screens.map(({ width, height, mark }) => `${width}×${height}: ${mark.toLocaleString('en')}`).join(', ');
  return {
    ja: `透かしの画素はすべて焼き込み済みで、それ以外は元の画面と一致した（${each} 画素）。`,
    en: `Every pixel of the mark was burnt in, all others are the desktop's own (pixels of the mark: ${each}).`,
  };
}
