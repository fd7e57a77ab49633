// The queue between users and the authority: requests that wait to be carried there, and answers that wait to be collected.
// The user authority's key is never on this host; what is kept here is public (T21).
import * as z from 'zod';
import type { Entry, Store } from '#platform/state/store.ts';
import { Refusal } from '#protocol/codes.ts';
import { ENROLMENT_REQUEST_LIFE_MS } from '#protocol/limits.ts';
import { displayName, userIdSchema } from '../users.ts';

const PREFIX = 'enrolment/request/';

const row = userIdSchema.extend({
  /** Of the user's row, when the request came. */
  name: displayName,
  /** PKCS#10, PEM, checked. */
  csr: z.string(),
  submittedAt: z.number(),
  state: z.enum(['waiting', 'certified', 'declined']),
  /** PEM; null unless certified. */
  certificate: z.string().nullable(),
});
type Row = z.infer<typeof row>;

export interface EnrolmentRequest extends Row {
  /** The fingerprint of its key: protocol/enrolment.ts. */
  request: string;
  /** ms */
  expiresAt: number;
}

export class EnrolmentRequests {
  readonly #store: Store;
  readonly #now: () => number;

  /** @param now wall clock, ms */
  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /**
   * Once a key: asking again, as after an answer that was lost, finds the request that waits.
   * @throws REQUEST_DUPLICATE: this key has asked for somebody else, or has its answer
   */
  async add(request: string, asked: Pick<Row, 'municipality' | 'user' | 'name' | 'csr'>): Promise<EnrolmentRequest> {
    const submittedAt = this.#now();
    const expiresAt = submittedAt + ENROLMENT_REQUEST_LIFE_MS;
    const waiting: Row = { ...asked, submittedAt, state: 'waiting', certificate: null };
    const version = await this.#store.compareAndSwap(key(request), 0, waiting, { expiresAt });
    if (version !== null) return { ...waiting, request, expiresAt };
    const before = await this.find(request);
    const isSame =
      before?.state === 'waiting' && before.municipality === asked.municipality && before.user === asked.user;
    if (!isSame) throw new Refusal('REQUEST_DUPLICATE', request);
    return before;
  }

  async find(request: string): Promise<EnrolmentRequest | null> {
    const entry = await this.#store.get(key(request));
    return entry && read(entry);
  }

  /** Oldest first. */
  async list(): Promise<EnrolmentRequest[]> {
    const entries = await this.#store.list(PREFIX);
    return entries.map(read).sort((a, b) => a.submittedAt - b.submittedAt);
  }

  /** @returns false if it is not waiting any more */
  certify(request: string, certificate: string): Promise<boolean> {
    return this.#settle(request, { state: 'certified', certificate });
  }

  /** @returns false if it is not waiting any more */
  decline(request: string): Promise<boolean> {
    return this.#settle(request, { state: 'declined', certificate: null });
  }

  /** Once and for all: an answer that could change could be collected twice. */
  async #settle(request: string, answer: Pick<Row, 'state' | 'certificate'>): Promise<boolean> {
    const entry = await this.#store.get(key(request));
    if (!entry) return false;
    const before = row.parse(entry.value);
    if (before.state !== 'waiting') return false;
    const settled: Row = { ...before, ...answer };
    const { version } = entry;
    const expiresAt = before.submittedAt + ENROLMENT_REQUEST_LIFE_MS;
    return (await this.#store.compareAndSwap(key(request), version, settled, { expiresAt })) !== null;
  }
}

function read(entry: Entry<unknown>): EnrolmentRequest {
  const value = row.parse(entry.value);
  const expiresAt = value.submittedAt + ENROLMENT_REQUEST_LIFE_MS;
  return { ...value, request: entry.key.slice(PREFIX.length), expiresAt };
}

function key(request: string): string {
  return PREFIX + request;
}
