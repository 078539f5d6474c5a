/** No option of memcage or Node has objects within objects so deep. */
const DEEPEST = 5;

/**
 * Copies a list or a plain object, and those within it: its caller may change them while a job waits, and what the job gets must
 * be what it has room for. Anything else, such as a stream, comes back as it is.
 */
export function asCalled<T>(value: T, depth = 0): T {
  if (typeof value !== 'object' || value === null || depth === DEEPEST) return value;
  if (Array.isArray(value)) return value.map((each) => asCalled<unknown>(each, depth + 1)) as T;
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, asCalled<unknown>(each, depth + 1)]),
  ) as T;
}

/** Of any realm. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
