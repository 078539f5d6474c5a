import { invalidArgument } from '../errors/errors';
import { isRecord, readOptions } from '../options/option-names';
import { printable } from '../text/printable';

/** Checks the form of a value, and returns it. @throws TypeError that names `path` */
export type Reader<T> = (path: string, value: unknown) => T;

type Fields = Readonly<Record<string, Reader<unknown>>>;
export type Read<F extends Fields> = { [N in keyof F]?: ReturnType<F[N]> };

export const int64 = integer(-(2 ** 63), 2 ** 63);
export const uint64 = integer(0, 2 ** 64);
export const uint32 = integer(0, 2 ** 32 - 1);
export const uint16 = integer(0, 2 ** 16 - 1);

export const text: Reader<string> = (path, value) => {
  if (typeof value === 'string') return value;
  throw invalidArgument(path, 'a string', value);
};

export const flag: Reader<boolean> = (path, value) => {
  if (typeof value === 'boolean') return value;
  throw invalidArgument(path, 'true or false', value);
};

/** An object with these fields and no others. */
export function object<F extends Fields>(fields: F, required: readonly (keyof F & string)[] = []): Reader<Read<F>> {
  const known = Object.keys(fields);
  return (path, value) => {
    if (!isRecord(value)) throw invalidArgument(path, 'an object', value);
    const given = readOptions(value, { of: 'limitsFromOci', within: path, known });
    const wanted = Object.entries(fields).filter(
      ([name]) => name in given || (required as readonly string[]).includes(name),
    );
    return Object.fromEntries(wanted.map(([name, read]) => [name, read(`${path}.${name}`, given[name])])) as Read<F>;
  };
}

export function list<T>(item: Reader<T>): Reader<T[]> {
  return (path, value) => {
    if (!Array.isArray(value)) throw invalidArgument(path, 'an array', value);
    return value.map((each: unknown, index) => item(`${path}[${index}]`, each));
  };
}

/** An object whose keys are names that the configuration chose. */
export function map<T>(item: Reader<T>): Reader<ReadonlyMap<string, T>> {
  return (path, value) => {
    if (!isRecord(value)) throw invalidArgument(path, 'an object', value);
    return new Map(Object.entries(value).map(([key, each]) => [key, item(keyPath(path, key), each)]));
  };
}

export function keyPath(path: string, key: string): string {
  return /^\w+$/.test(key) ? `${path}.${key}` : `${path}["${printable(key)}"]`;
}

function integer(min: number, max: number): Reader<number> {
  return (path, value) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    throw invalidArgument(path, min < 0 ? 'an integer' : `an integer from 0 to ${max}`, value);
  };
}
