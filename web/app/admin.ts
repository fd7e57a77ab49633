import './no-eval.ts';
import { openFrame } from './frame.ts';

openFrame({ ja: 'テレワークの管理', en: 'Telework administration' }).show(() => ({
  title: { ja: 'テレワークの管理', en: 'Telework administration' },
  content: [],
}));
