// How often strangers may ask (T13, T21). A municipality's users may stand behind one address, so what costs nothing is
// generous: the page's files come from memory. One address is refused before it takes from what is there for all.
import { KeyedRate } from '#platform/hop/keyed-rate.ts';
import { networkOf } from '#platform/hop/network.ts';
import { Refusal } from '#protocol/codes.ts';
import { TokenBucket } from '#protocol/token-bucket.ts';

/** A page is half a dozen files. */
const REQUESTS_OF_ONE_ADDRESS = { perSecond: 10, burst: 200 };
/** Who waits for an answer asks twice a quarter of a minute. */
const POSTS_OF_ONE_ADDRESS = { perSecond: 2, burst: 60 };
const POSTS_IN_ALL = { perSecond: 20, burst: 100 };
/** With 80 bits a code, a billion years of this find none. */
const CODES_OF_ONE_ADDRESS = { perSecond: 0.2, burst: 20 };
const CODES_IN_ALL = { perSecond: 2, burst: 40 };

export class Rates {
  readonly #now: () => number;
  readonly #requests: KeyedRate;
  readonly #posts: KeyedRate;
  readonly #codes: KeyedRate;
  readonly #postsInAll: TokenBucket;
  readonly #codesInAll: TokenBucket;

  /** @param now a monotonic clock, ms */
  constructor(now: () => number) {
    this.#now = now;
    this.#requests = new KeyedRate({ ...REQUESTS_OF_ONE_ADDRESS, now });
    this.#posts = new KeyedRate({ ...POSTS_OF_ONE_ADDRESS, now });
    this.#codes = new KeyedRate({ ...CODES_OF_ONE_ADDRESS, now });
    this.#postsInAll = new TokenBucket(POSTS_IN_ALL.perSecond, POSTS_IN_ALL.burst, now());
    this.#codesInAll = new TokenBucket(CODES_IN_ALL.perSecond, CODES_IN_ALL.burst, now());
  }

  /** @throws RATE_EXCEEDED */
  admit(address: string, { isRead }: { isRead: boolean }): void {
    const network = networkOf(address);
    if (!this.#requests.admit(network)) throw new Refusal('RATE_EXCEEDED', 'of one address');
    if (isRead) return;
    if (!this.#posts.admit(network)) throw new Refusal('RATE_EXCEEDED', 'posts of one address');
    if (!this.#postsInAll.takeIfThere(this.#now())) throw new Refusal('RATE_EXCEEDED', 'posts of all');
  }

  /** @throws RATE_EXCEEDED */
  admitCode(address: string): void {
    if (!this.#codes.admit(networkOf(address))) throw new Refusal('RATE_EXCEEDED', 'codes of one address');
    if (!this.#codesInAll.takeIfThere(this.#now())) throw new Refusal('RATE_EXCEEDED', 'codes of all');
  }
}
