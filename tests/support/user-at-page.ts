// What a user does at the page, told by what a user sees there in Japanese.
import type { Page } from 'playwright-core';
import * as z from 'zod';
import { Watermark } from '#agent/screen/watermark.ts';
import { oneTimeCode } from '#client-sim/one-time-code.ts';
import { type Person, pairingCode } from '#lab/person.ts';
import { MUNICIPALITY, type System } from '#lab/system.ts';
import { callLocal } from '#platform/process/local-call.ts';
import type { Picture } from './pictures.ts';
import { renewFactor } from './watched-system.ts';

/** With a one-time code of a secret that nobody has used yet; a sign-in that there was is over. */
export async function signInByCode(page: Page, system: System, person: Person): Promise<void> {
  await renewFactor(system, person);
  if (page.url() !== `${system.gateway}/`) await page.goto(system.gateway);
  await page.getByLabel('認証アプリのコード（6桁）').fill(await codeOf(person));
  await page.getByRole('button', { name: 'コードでサインイン' }).click();
  await page.getByRole('heading', { name: 'デスクトップ', level: 1 }).waitFor();
}

export const codeOf = (person: Person): Promise<string> =>
  oneTimeCode({ otp: undefined, uriFile: person.totpFile, ageSeconds: 0 }, Date.now());

export type ProvenBy = 'この端末の鍵' | 'パスキー';

/** With a code that the office side has just made. @param by what will prove the user */
export async function pairAtPage(
  page: Page,
  system: System,
  person: Person,
  desktop: string,
  by: ProvenBy = 'この端末の鍵',
): Promise<void> {
  const code = await pairingCode(system, person, desktop);
  if (!code) throw new Error('paired by another program of this person');
  await pairWithCode(page, desktop, code, by);
}

/** @param code of the office side */
export async function pairWithCode(page: Page, desktop: string, code: string, by: ProvenBy): Promise<void> {
  await page.getByRole('button', { name: `この端末を登録する: ${labelOf(desktop)}` }).click();
  await page.getByLabel('端末登録コード').fill(code);
  await page.getByRole('radio', { name: by }).check();
  await page.getByRole('button', { name: '登録する', exact: true }).click();
  await page.getByText('登録しました。').waitFor();
  await page.getByRole('button', { name: '一覧に戻る' }).click();
}

/** Resolves with the first pixels on the canvas. @returns ms since the page was navigated to */
export async function openAtPage(page: Page, desktop: string): Promise<number> {
  await page.getByRole('button', { name: `開く: ${labelOf(desktop)}` }).click();
  return await firstFrame(page);
}

export async function firstFrame(page: Page): Promise<number> {
  const drawn = await page.waitForFunction(
    () => {
      const canvas = document.querySelector<HTMLCanvasElement>('.desktop-picture canvas');
      if (!canvas || canvas.width * canvas.height === 0) return null;
      const middle = canvas.getContext('2d')?.getImageData(canvas.width >> 1, canvas.height >> 1, 1, 1);
      return middle?.data[3] === 255 ? performance.now() : null;
    },
    null,
    { polling: 'raf' },
  );
  return (await drawn.jsonValue()) ?? 0;
}

/** The pixels of noVNC's canvas, whatever size it is shown in. */
export async function pictureAt(page: Page): Promise<Picture> {
  const { width, height, base64 } = await page.evaluate(async () => {
    const canvas = document.querySelector<HTMLCanvasElement>('.desktop-picture canvas');
    const context = canvas?.getContext('2d');
    if (!canvas || !context) throw new Error('no canvas');
    const { width, height } = canvas;
    const pixels = new Uint8Array(context.getImageData(0, 0, width, height).data.buffer);
    return { width, height, base64: (pixels as unknown as { toBase64(): string }).toBase64() };
  });
  return { width, height, pixels: new Uint8Array(Buffer.from(base64, 'base64')) };
}

const live = z.looseObject({
  sessions: z.array(z.looseObject({ session: z.string(), desktop: z.string(), startedAt: z.string() })),
});

/** What the agent burns into the one session of this desktop; two if the minute turned while it began. */
export async function watermarksOf(system: System, { user }: Person, desktop: string): Promise<Watermark[]> {
  const { sessions } = live.parse(await callLocal(system.sockets.admin, 'session.list'));
  const found = sessions.find((one) => one.desktop === desktop);
  if (!found) throw new Error(`no session of ${desktop}`);
  const starts = [0, 60_000].map((later) => new Date(Date.parse(found.startedAt) + later).toISOString());
  return starts.map((start) => {
    const when = start.slice(0, 16).replace('T', ' ');
    return new Watermark([`${user} ${MUNICIPALITY} ${desktop}`, `${found.session.slice(0, 8)} ${when}Z`]);
  });
}

/** A desktop is shown by its own name unless the administrator gave it another. */
const labelOf = (desktop: string) => desktop.split('/').at(-1) ?? '';
