import { invalidArgument } from '../../common/errors/argument-errors';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import type { CgroupVersion } from './formats';
import type { FormatValues, InterfaceFile, RefusedWrite, WriteValues } from './interface-file';
import { counterpartOf } from './memory-roles';
import { V1_FILES } from './v1';
import { V2_FILES } from './v2';

type Files = { 1: typeof V1_FILES; 2: typeof V2_FILES };

/**
 * Every interface file, by version and name.
 *
 * @experimental
 */
export const INTERFACE_FILES: { readonly [V in keyof Files]: Readonly<Record<string, InterfaceFile>> } = {
  // Getters, so that these long tables are evaluated only when they are needed.
  get 1() {
    return V1_FILES;
  },
  get 2() {
    return V2_FILES;
  },
};

type Trait<T, K extends string> = T extends Record<K, infer V> ? V : never;
type TraitOf<N, K extends string> = {
  [V in keyof Files]: N extends keyof Files[V] ? Trait<Files[V][N], K> : never;
}[keyof Files];
type NamesWith<K extends string, Not = never> = {
  [V in keyof Files]: {
    [N in keyof Files[V]]: [Exclude<Trait<Files[V][N], K>, Not>] extends [never] ? never : N;
  }[keyof Files[V]];
}[keyof Files];

/**
 * The name of a file that {@link Cgroup.get} reads.
 *
 * @experimental
 */
export type ReadableFile = NamesWith<'read'>;

/**
 * The name of a file that {@link Cgroup.set} writes.
 *
 * @experimental
 */
export type WritableFile = NamesWith<'write', RefusedWrite>;

/**
 * The value of that file: a union if v1 and v2 differ.
 *
 * @experimental
 */
export type FileValue<N extends ReadableFile> = FormatValues[TraitOf<N, 'read'> & keyof FormatValues];

/**
 * The value that the file accepts.
 *
 * @experimental
 */
export type FileInput<N extends WritableFile> = WriteValues[TraitOf<N, 'write'> & keyof WriteValues];

/**
 * @throws TypeError for a name that neither version has, MemcageError `ERR_MEMCAGE_NOT_IN_VERSION` for a file of the
 * other version
 */
export function interfaceFile(name: unknown, version: CgroupVersion): InterfaceFile {
  const files = INTERFACE_FILES[version];
  if (typeof name === 'string' && Object.hasOwn(files, name)) return files[name] as InterfaceFile;
  const other = version === 1 ? 2 : 1;
  if (typeof name === 'string' && Object.hasOwn(INTERFACE_FILES[other], name)) {
    const like = counterpartOf(name, version);
    const cure =
      like === undefined ? '' : words`${CURE}${like}, or a method for both versions, such as limits() or usage()`;
    throw new MemcageError(
      ErrorCode.NOT_IN_VERSION,
      words`${name} is a file of cgroup v${String(other)}, but memory is on cgroup v${String(version)} here${cure}`,
    );
  }
  throw invalidArgument('name', 'the name of an interface file (docs/reference/interface-files.md lists them)', name);
}
