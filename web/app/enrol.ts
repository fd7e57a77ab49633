// The enrolment page: ask, hand in, fetch, save. Served by the gateway's second listener, to people without a certificate.
import './no-eval.ts';
import { askPage } from './enrol/ask.ts';
import { collectPage, handedInPage } from './enrol/collect.ts';
import { donePage } from './enrol/done.ts';
import type { Visit } from './enrol/visit.ts';
import { openFrame } from './frame.ts';
import { requestTo } from './request.ts';
import { ENROL } from './texts/enrol.ts';

/** A request was handed in and its key is nowhere but here. */
let unsaved = false;
addEventListener('beforeunload', (event) => {
  if (unsaved) event.preventDefault();
});

const frame = openFrame(ENROL.name);
const visit: Visit = {
  frame,
  request: requestTo(''),
  ask: () => frame.show(() => askPage(visit)),
  handedIn(pending) {
    unsaved = true;
    const saved = () => {
      unsaved = false;
    };
    frame.show(() => handedInPage(visit, pending, saved));
  },
  collect: () => frame.show(() => collectPage(visit)),
  done(name, p12) {
    unsaved = false;
    frame.show(() => donePage(visit, name, p12));
  },
};
visit.ask();
