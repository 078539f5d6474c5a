const METHODS = [
  'next',
  'return',
  'throw',
  Symbol.iterator,
  Symbol.asyncIterator,
  Symbol.dispose,
  Symbol.asyncDispose,
] as const;

type Methods = Partial<Record<PropertyKey, (...args: unknown[]) => unknown>>;
type CallWithin = (method: () => unknown) => unknown;

/**
 * A generator's body runs in the context of the code that asks for the next value. So for a generator, and for the
 * iterators that the iterator helpers make of one, this returns an iterator whose methods `run` calls. Other values
 * come back as they are.
 */
export function containIterator<T>(value: T, run: CallWithin): T {
  return isIterator(value) ? contained(value, run) : value;
}

/**
 * Whether it is an iterator that can be closed. The iterators of arrays, maps and strings run no user code: they keep
 * their identity.
 */
function isIterator(value: unknown): value is Methods {
  if (typeof value !== 'object' || value === null) return false;
  if (!(Symbol.iterator in value || Symbol.asyncIterator in value)) return false;
  const { next, return: close } = value as Methods;
  return typeof next === 'function' && typeof close === 'function';
}

/** Not a Proxy, which could not replace the methods of a frozen object. Inherits everything else from the iterator. */
function contained<T extends Methods>(iterator: T, run: CallWithin): T {
  const outer = Object.create(iterator) as T;
  for (const name of METHODS) {
    if (typeof iterator[name] !== 'function') continue;
    const value = (...args: unknown[]): unknown => {
      const result = run(() => iterator[name]?.(...args));
      return result === iterator ? outer : result;
    };
    Object.defineProperty(outer, name, { value, writable: true, configurable: true });
  }
  return outer;
}
