import type { NodeOptionName } from './node-options';

/**
 * Forbids, in the type of an options argument, each name that `Known` does not have, which a type parameter would let
 * through, and a value of memcage's options that may be undefined. Also checks within memcage's own options.
 */
export type Exactly<O, Known> = {
  [K in keyof O]: K extends keyof Known
    ? K extends NodeOptionName
      ? O[K]
      : Exclude<Checked<K, O[K], Known[K]>, undefined>
    : Unknown<K, O[K]>;
};

type Checked<K, V, Known> = K extends 'memory' | 'namespaces' | 'rlimits' | 'root'
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
        [K in keyof O]: K extends KeyOf<Known>
          ? Exclude<Within<O[K], PropertyOf<Known, K>>, undefined>
          : Unknown<K, O[K]>;
      }
    : O;

/** Like `Within`, without what is within the properties: arrays have names of their own. */
type Named<O, Known> = O extends object
  ? { [K in keyof O]: K extends KeyOf<Known> ? Exclude<O[K], undefined> : Unknown<K, O[K]> }
  : O;

/** With an index signature the names are known only at run time. */
type Unknown<K, V> = string extends K ? V : never;

/** Keys of the object types of a union. */
type KeyOf<T> = T extends object ? keyof T : never;
type PropertyOf<T, K> = T extends object ? (K extends keyof T ? T[K] : never) : never;
/** Of the list types of a union. */
type ElementOf<T> = T extends readonly (infer E)[] ? E : never;
