// A client of the frame lane that draws what it gets and remembers how it came.
import { createCanvas, loadImage } from '@napi-rs/canvas';
import { isResize, type Region, type Size, type SizeReport } from '#protocol/inner/screen/rectangle.ts';
import { type AgentHandler, AgentMessages } from '#rfb/agent-messages.ts';
import type { CursorPicture } from '#rfb/cursor.ts';
import { createFramebuffer, type Framebuffer } from '#rfb/framebuffer.ts';
import { type DecodeJpeg, drawTight, type TightContents } from '#rfb/tight.ts';

export const decodeJpeg: DecodeJpeg = async (data) => {
  const image = await loadImage(Buffer.from(data));
  const { width, height } = image;
  const context = createCanvas(width, height).getContext('2d');
  context.drawImage(image, 0, 0);
  const pixels = new Uint8Array(context.getImageData(0, 0, width, height).data.buffer);
  return { width, height, pixels };
};

export class FrameClient implements AgentHandler {
  picture: Framebuffer;
  readonly rectangles: { region: Region; contents: TightContents }[] = [];
  readonly sizes: SizeReport[] = [];
  readonly cursors: CursorPicture[] = [];
  readonly announcements: number[] = [];
  bells = 0;
  updates = 0;
  readonly #messages: AgentMessages;

  constructor(size: Size) {
    this.picture = createFramebuffer(size.width, size.height);
    this.#messages = new AgentMessages(size, this);
  }

  push(chunk: Uint8Array): Promise<void> {
    return this.#messages.push(chunk);
  }

  tight(region: Region, contents: TightContents): void | Promise<void> {
    this.rectangles.push({ region, contents });
    return drawTight(this.picture, region, contents, decodeJpeg);
  }

  sized(report: SizeReport): void {
    this.sizes.push(report);
    if (isResize(report)) this.picture = createFramebuffer(report.width, report.height);
  }

  cursor(cursor: CursorPicture): void {
    this.cursors.push(cursor);
  }

  announced(encoding: number): void {
    this.announcements.push(encoding);
  }

  updated(): void {
    this.updates++;
  }

  bell(): void {
    this.bells++;
  }

  get kinds(): string[] {
    return this.rectangles.map(({ contents }) => contents.kind);
  }
}
