import { openFrame } from './frame.ts';

openFrame({ ja: '証明書の発行', en: 'Your certificate' }).show(() => ({
  title: { ja: '証明書の発行', en: 'Your certificate' },
  content: [],
}));
