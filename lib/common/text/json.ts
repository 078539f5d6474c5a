/**
 * The replacer for `JSON.stringify()`. JSON has no Infinity, so what is unlimited is `'max'` there, as in the kernel's files:
 * `parseSize()` reads it again. And it would make `{}` of an Error.
 */
export function forJson(_name: string, value: unknown): unknown {
  if (value === Number.POSITIVE_INFINITY) return 'max';
  return value instanceof Error ? errorData(value) : value;
}

/** Lets `JSON.stringify()` of a result keep what {@link forJson} keeps. Returns it. Copies of it don't have that. */
export function keptInJson<T extends object>(result: T): T {
  // Not enumerable, so it is not part of the data.
  return Object.defineProperty(result, 'toJSON', { value: toJson, writable: true, configurable: true });
}

function toJson(this: object): unknown {
  return JSON.parse(JSON.stringify({ ...this }, forJson));
}

function errorData(error: Error): object {
  // The error of an outcome may have that outcome.
  const { outcome: _, ...fields } = error as Error & { outcome?: unknown };
  return { ...fields, name: error.name, message: error.message };
}
