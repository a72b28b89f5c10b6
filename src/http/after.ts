/**
 * `then` for a value that may be at hand already. Such a value is passed on in the same turn, without a
 * promise.
 */
export function after<T, U>(value: T | Promise<T>, next: (value: T) => U | Promise<U>): U | Promise<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}
