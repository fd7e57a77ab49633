import { openFrame } from './frame.ts';

openFrame({ ja: 'テレワーク', en: 'Telework' }).show(() => ({
  title: { ja: 'テレワーク', en: 'Telework' },
  content: [],
}));
