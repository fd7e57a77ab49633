import { element } from './element.ts';

document.body.append(element('main', {}, element('h1', {}, document.title)));
