/** A copy of what consists of plain objects and arrays. Anything else in it, such as a stream or a cage, is the same. */
export function copyOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, copyOf<unknown>(each)])) as T;
}

/** With what is inherited, which Node passes on in `env` too. */
export function copyWithInherited<T extends object>(given: T): T {
  const copy: Partial<T> = {};
  for (const name in given) copy[name] = given[name];
  return copy as T;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
