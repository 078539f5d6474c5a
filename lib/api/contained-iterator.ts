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
type Run = (method: () => unknown) => unknown;

/**
 * A generator's body runs in the context of who asks for the next value. Of one, and of what is made of it by the helpers of
 * iterators: an iterator whose methods are called by `run`. Everything else as it is.
 */
export function containIterator<T>(value: T, run: Run): T {
  return isIterator(value) ? contained(value, run) : value;
}

/** One that can be closed. Those of arrays, maps and strings run nobody's code, and keep their identity. */
function isIterator(value: unknown): value is Methods {
  if (typeof value !== 'object' || value === null) return false;
  if (!(Symbol.iterator in value || Symbol.asyncIterator in value)) return false;
  const { next, return: close } = value as Methods;
  return typeof next === 'function' && typeof close === 'function';
}

/** No Proxy: that could not give other methods for those of a frozen object. What else it has is inherited. */
function contained<T extends Methods>(iterator: T, run: Run): T {
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
