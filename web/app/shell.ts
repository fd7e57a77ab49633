// What leads from page to page: who is signed in, which page is shown, and what happens when the sign-in is over. Nothing is
// kept but in this closure; the address holds the page's name and the language (I1).
import { endOf } from '#web/core/ends.ts';
import { type Request, type SignedIn, signOut } from '#web/core/gateway-api.ts';
import { askSession } from '#web/core/gateway-ceremony.ts';
import { sentenceOf, sentenceOfError } from '#web/core/sentences.ts';
import { element } from './element.ts';
import { button, type Deed, Told } from './form.ts';
import { type Drawing, type Frame, type Header, NO_HEADER, type Say } from './frame.ts';
import { type Bilingual, fill, type Language } from './language.ts';
import { chargeIn, SHELL } from './texts/shell.ts';
import { timeOfDay } from './when.ts';

/** The name of a page, as the address has it behind "#". */
export type Place = string;

export interface VisitDeed extends Deed {
  run(): Promise<void>;
}

/** One showing of one page. What comes too late, after the user went elsewhere, changes nothing. */
export interface Visit {
  request: Request;
  say: Say;
  language(): Language;
  /** Aborted when the user goes elsewhere: stops timers. */
  signal: AbortSignal;
  show(draw: () => Drawing, options?: { keepFocus?: boolean }): void;
  /** Hands the whole window to something else, until the next `go`. */
  yieldTo(whole: HTMLElement): void;
  go(place: Place): void;
  /** What a button does: a sign-in that is over, or too old, leads to the sign-in page and back here. */
  deed(told: Told, run: () => Promise<void>, explain?: Deed['explain']): VisitDeed;
  /** What nobody clicked for failed. */
  failed(error: unknown): void;
}

export interface SignedInVisit extends Visit {
  signedIn: SignedIn;
}

export interface Pages {
  /** @param because why the user sees it, if not for having just come */
  signIn(visit: Visit, because: Bilingual | null, arrived: (signedIn: SignedIn) => void): Promise<void> | void;
  /** In the order of the menu; the first is where one arrives. */
  places: readonly Page[];
  /** The one that a sign-in by a code may see: setting up factors. */
  factors: Place;
}

export interface Page {
  place: Place;
  name: Bilingual;
  open(visit: SignedInVisit): Promise<void> | void;
}

/** Told by the address after the page was loaded anew, so that nothing of the session is left in memory. */
export const SIGNED_OUT = '#signed-out';

export function openShell(frame: Frame, request: Request, pages: Pages): { start(): Promise<void> } {
  let signedIn: SignedIn | null = null;
  let leaving = new AbortController();

  function visit(): Visit {
    leaving.abort();
    leaving = new AbortController();
    const { signal } = leaving;
    const here: Visit = {
      request,
      say: frame.say,
      language: frame.language,
      signal,
      show: (draw, options) => void (signal.aborted || frame.show(draw, options)),
      yieldTo: (whole) => void (signal.aborted || frame.yieldTo(whole)),
      go,
      deed: (told, run, explain) => ({
        say: frame.say,
        told,
        run: () => run().catch((error) => void (signal.aborted || orSignIn(error))),
        ...(explain ? { explain } : {}),
      }),
      failed: (error) => void (signal.aborted || failed(error)),
    };
    return here;
  }

  /** @throws again what has nothing to do with the sign-in's age */
  function orSignIn(error: unknown): void {
    const because = staleness(error);
    if (!because) throw error;
    askToSignIn(because);
  }

  function askToSignIn(because: Bilingual | null): void {
    signedIn = null;
    frame.setHeader(NO_HEADER);
    enter((here) =>
      pages.signIn(here, because, (arrived) => {
        signedIn = arrived;
        show(place());
      }),
    );
  }

  function place(): Place {
    if (signedIn?.managesFactorsOnly) return pages.factors;
    const asked = pages.places.find((page) => location.hash === `#${page.place}`);
    return asked?.place ?? pages.places[0]?.place ?? pages.factors;
  }

  function go(to: Place): void {
    if (location.hash === `#${to}`) show(to);
    else location.hash = to;
  }

  function show(to: Place): void {
    const who = signedIn;
    if (!who) return;
    frame.setHeader(headerOf(who, to));
    const page = pages.places.find((one) => one.place === to);
    enter((here) => page?.open({ ...here, signedIn: who }));
  }

  function enter(page: (here: Visit) => Promise<void> | void): void {
    const here = visit();
    Promise.resolve()
      .then(() => page(here))
      .catch(here.failed);
  }

  function failed(error: unknown): void {
    const because = staleness(error);
    if (because) {
      askToSignIn(signedIn ? because : null);
      return;
    }
    const told = new Told();
    const retry = { say: frame.say, told, run: start };
    frame.show(() => ({
      title: SHELL.troubled,
      narrow: true,
      content: [
        element('p', { class: 'notice bad', role: 'alert' }, frame.say(sentenceOfError(error))),
        button(frame.say(SHELL.retry), '', retry),
      ],
    }));
  }

  function headerOf(
    { user, municipality, signedInAt, overallSeconds, managesFactorsOnly }: SignedIn,
    to: Place,
  ): Header {
    const until = Date.parse(signedInAt) + overallSeconds * 1000;
    return {
      links: pages.places
        .filter(({ place }) => !managesFactorsOnly || place === pages.factors)
        .map(({ place, name }) => ({ href: `#${place}`, text: name, current: place === to })),
      aside: (say) => [
        element(
          'div',
          { class: 'who' },
          element('div', {}, element('strong', {}, user)),
          element('div', { class: 'soft' }, say(chargeIn(municipality))),
          element('div', { class: 'soft' }, say(fill(SHELL.until, { time: timeOfDay(until, frame.language()) }))),
        ),
        button(say(SHELL.signOut), 'small', { say, told: new Told(), run: leave }),
      ],
    };
  }

  /** The page is loaded anew, so that it forgets everything. Without the gateway's word it would be a lie to say so. */
  async function leave(): Promise<void> {
    try {
      await signOut(request);
    } catch (error) {
      if (!staleness(error)) {
        failed(error);
        return;
      }
    }
    history.replaceState(null, '', location.pathname + location.search + SIGNED_OUT);
    location.reload();
  }

  async function start(): Promise<void> {
    const wasSignedOut = location.hash === SIGNED_OUT;
    if (wasSignedOut) history.replaceState(null, '', location.pathname + location.search);
    try {
      signedIn = await askSession(request);
      show(place());
    } catch (error) {
      if (endOf(error).code === 'SESSION_REQUIRED') askToSignIn(wasSignedOut ? SHELL.signedOut : null);
      else failed(error);
    }
  }

  addEventListener('hashchange', () => {
    if (signedIn) show(place());
  });
  return { start };
}

/** Why the user must sign in first, or null if the error has another cause. */
function staleness(error: unknown): Bilingual | null {
  const { code } = endOf(error);
  if (code === 'SESSION_REQUIRED') return SHELL.ended;
  return code === 'SIGN_IN_AGAIN' ? sentenceOf(code) : null;
}
