// The one thing that the page stores (I1): for each user of this browser a device key, whose private half no script can
// read, and for each paired desktop the agent's key, with the id of the passkey where one was paired.
import type { Pinned } from '#web/core/open.ts';
import { type SigningKey, signingKeyOf } from '#web/core/web-crypto.ts';

const DATABASE = 'telework';
const VERSION = 1;
const KEYS = 'device-keys';
const PINS = 'pins';
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;

export interface Who {
  municipality: string;
  user: string;
}

export class KeyStore {
  readonly #user: string;

  constructor({ municipality, user }: Who) {
    this.#user = `${municipality}/${user}`;
  }

  /** null if this browser was never paired for the user. */
  async deviceKey(): Promise<SigningKey | null> {
    const pair = await inStore<CryptoKeyPair | undefined>(KEYS, 'readonly', (store) => store.get(this.#user));
    return pair ? signingKeyOf(pair) : null;
  }

  /** Makes one if there is none. */
  async needDeviceKey(): Promise<SigningKey> {
    const found = await this.deviceKey();
    if (found) return found;
    const pair = await crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify']);
    // Another tab may have been faster; the first one stays.
    await inStore(KEYS, 'readwrite', (store) => store.add(pair, this.#user)).catch(() => {});
    const kept = await this.deviceKey();
    if (!kept) throw new Error('this browser keeps no keys');
    return kept;
  }

  async pinned(desktop: string): Promise<Pinned | null> {
    return (await inStore<Pinned | undefined>(PINS, 'readonly', (store) => store.get([this.#user, desktop]))) ?? null;
  }

  async pin(desktop: string, { agentKey, credentialId }: Pinned): Promise<void> {
    await inStore(PINS, 'readwrite', (store) => store.put({ agentKey, credentialId }, [this.#user, desktop]));
  }
}

async function inStore<T>(name: string, mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>) {
  const database = await open();
  try {
    const transaction = database.transaction(name, mode, { durability: 'strict' });
    const request = ask(transaction.objectStore(name));
    await new Promise<void>((done, failed) => {
      transaction.oncomplete = () => done();
      transaction.onabort = () => failed(transaction.error);
    });
    return request.result;
  } finally {
    database.close();
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((done, failed) => {
    const request = indexedDB.open(DATABASE, VERSION);
    request.onupgradeneeded = () => {
      for (const name of [KEYS, PINS]) request.result.createObjectStore(name);
    };
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
    request.onblocked = () => failed(new Error('another tab holds an older store'));
  });
}
