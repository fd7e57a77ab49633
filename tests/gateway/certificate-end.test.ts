import { expect, it } from 'vitest';
import { aboutCertificate } from '#gateway/certificate-end.ts';

const DAY_MS = 86_400_000;
const END = 1_800_000_000_000;

it.for<[number, number | null]>([
  [31, null],
  [30, 30],
  [8, 30],
  [7, 7],
  [2, 7],
  [1, 1],
  [0, 0],
  [-5, 0],
])('%i days before its end the warning of a certificate is %o', ([days, warning]) => {
  expect(aboutCertificate(END, END - days * DAY_MS)).toEqual({
    ...{ certificateExpiresAt: new Date(END).toISOString(), certificateWarning: warning },
  });
});

it('is not known of who has never signed in', () => {
  expect(aboutCertificate(null, END)).toEqual({ certificateExpiresAt: null, certificateWarning: null });
});
