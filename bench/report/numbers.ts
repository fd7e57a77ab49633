// How the report writes figures: three digits that mean something, a dash where nothing was measured.

export const NOTHING = '–';

/** Three significant digits, thousands with commas. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined) return NOTHING;
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString('en-US', { minimumFractionDigits: 0, maximumFractionDigits: Math.min(digits, 4) });
}

export const milliseconds = (value: number | null | undefined): string =>
  value === null || value === undefined ? NOTHING : `${figure(value)} ms`;

export const percent = (share: number | null | undefined): string =>
  share === null || share === undefined ? NOTHING : `${(share * 100).toFixed(1)} %`;

export const times = (ratio: number | null | undefined): string =>
  ratio === null || ratio === undefined ? NOTHING : `${ratio.toFixed(2)} ×`;

export const whole = (value: number | null | undefined): string =>
  value === null || value === undefined ? NOTHING : Math.round(value).toLocaleString('en-US');

export const yen = (value: number | null | undefined): string =>
  value === null || value === undefined ? NOTHING : `¥${whole(value)}`;
