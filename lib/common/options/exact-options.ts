import type { NodeOptionName } from './node-options';

/**
 * Forbids, in the type of an options argument, each name that `Known` does not have, which a type parameter would let
 * through, and a value of memcage's options that may be undefined. Also checks within memcage's own options.
 */
export type Exactly<O, Known> = {
  [K in keyof O]: K extends keyof Known
    ? K extends NodeOptionName
      ? O[K]
      : Defined<O, K, CheckedWithin<K, O[K], Known[K]>>
    : Unknown<K, O[K]>;
};

/**
 * An optional property that is undefined may be one that is not there: TypeScript makes one of a union of object literals, such as
 * `limited ? { memory } : {}`.
 */
type Defined<O, K extends keyof O, V> = object extends Pick<O, K> ? V : Exclude<V, undefined>;

type CheckedWithin<K, V, Known> = K extends 'memory' | 'namespaces' | 'rlimits' | 'root'
  ? Within<V, Known>
  : K extends 'privileges'
    ? Named<V, Known>
    : V;

type Within<O, Known> = O extends readonly (infer E)[]
  ? // The list itself, if nothing is wrong with it: TypeScript takes [...a, b] for nothing else.
    [E] extends [Within<E, ElementOf<Known>>]
    ? O
    : readonly Within<E, ElementOf<Known>>[]
  : O extends object
    ? {
        [K in keyof O]: K extends KeyOf<Known> ? Defined<O, K, Within<O[K], PropertyOf<Known, K>>> : Unknown<K, O[K]>;
      }
    : O;

/** `Within` without what is within the properties: arrays have names of their own. */
type Named<O, Known> = O extends object
  ? { [K in keyof O]: K extends KeyOf<Known> ? Defined<O, K, O[K]> : Unknown<K, O[K]> }
  : O;

/** With an index signature the names are known only at run time. */
type Unknown<K, V> = string extends K ? V : never;

/** Keys of the object types of a union. */
type KeyOf<T> = T extends object ? keyof T : never;
type PropertyOf<T, K> = T extends object ? (K extends keyof T ? T[K] : never) : never;
/** Elements of the list types of a union. */
type ElementOf<T> = T extends readonly (infer E)[] ? E : never;
