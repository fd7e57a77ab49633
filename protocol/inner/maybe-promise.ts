// One code path for two kinds of cipher: node:crypto answers at once, WebCrypto later.

export type MaybePromise<T> = T | Promise<T>;

/** Goes on at once when the value is there already, so that a synchronous cipher stays synchronous to the end. */
export function after<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
