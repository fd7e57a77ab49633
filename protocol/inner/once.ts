// Something that may be used one time: a state of the handshake, the right to send its last record, the session's secrets.
import { Refusal } from '../codes.ts';

/** Lets go of its value when it hands it out, so that keys of a used state can be collected. */
export class Once<T extends object> {
  #value: T | null;

  constructor(value: T) {
    this.#value = value;
  }

  /** @throws MESSAGE_UNEXPECTED the second time */
  take(): T {
    const value = this.#value;
    if (!value) throw new Refusal('MESSAGE_UNEXPECTED', 'this step is over');
    this.#value = null;
    return value;
  }
}
