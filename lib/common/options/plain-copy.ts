/** No option of memcage or Node has objects within objects so deep. */
const DEEPEST = 5;

/**
 * Copies a list or a plain object, and those within it: their caller may change them before they are used. Anything else, such as a
 * stream, comes back as it is.
 */
export function plainCopy<T>(value: T, depth = 0): T {
  if (typeof value !== 'object' || value === null || depth === DEEPEST) return value;
  if (Array.isArray(value)) return value.map((each) => plainCopy<unknown>(each, depth + 1)) as T;
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, plainCopy<unknown>(each, depth + 1)]),
  ) as T;
}

/** An object of any realm without a class. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
