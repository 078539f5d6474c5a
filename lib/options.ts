import type { SpawnOptions as NodeSpawnOptions } from 'node:child_process';
import type { MemoryOption, NamespaceOptions } from '../types/options';
import { SharedCage } from './cage/shared-cage';
import { Cgroup } from './cgroup/cgroup';
import type { ResolvedLimits } from './cgroup/limits';
import { resolveLimits } from './cgroup/limits';
import { invalidArgument } from './errors';
import { resolveNamespaces } from './namespaces';
import { loadNative } from './native';

/** What memcage adds to the options of Node's `child_process.spawn`. */
export interface CageOptions {
  /** A private cage with these limits for the child and all its descendants. Not together with `cage`. */
  memory?: MemoryOption;
  /** A cage of {@link createCage} to start in. */
  cage?: SharedCage;
  /** Namespaces of its own. Default: the parent's. */
  namespaces?: NamespaceOptions;
  /** The memory cgroup to make a private cage in. Default: the caller's own (v1); on v2 it must be given. */
  parent?: Cgroup | string;
  /**
   * Let what the child leaves running in its private cage live on. The cage is removed when the last process has ended,
   * and with the Node process. Default: false, they are killed when the child has ended.
   */
  keepDescendants?: boolean;
}

export type SpawnOptions = NodeSpawnOptions & CageOptions;

/** {@link CageOptions} after validation. */
export interface ResolvedCageOptions {
  limits: ResolvedLimits | undefined;
  cage: SharedCage | undefined;
  namespaces: NamespaceOptions;
  parent: string | undefined;
  keepDescendants: boolean;
}

const NOTHING: ResolvedCageOptions = {
  limits: undefined,
  cage: undefined,
  namespaces: {},
  parent: undefined,
  keepDescendants: false,
};

/** As Node tells `spawn(file, options)` from `spawn(file, args, options)`. */
export function isOptions<O extends object>(value: readonly string[] | O | null | undefined): value is O {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Takes memcage's options out of Node's. Nothing has been created when this throws. */
export function splitOptions<T extends object>(
  options: T & CageOptions,
): { node: Omit<T, keyof CageOptions>; own: ResolvedCageOptions } {
  // Node says what is wrong with it.
  if (!isOptions(options)) return { node: options, own: NOTHING };
  const { memory, cage, namespaces, parent, keepDescendants, ...node } = options;
  if (cage !== undefined && !(cage instanceof SharedCage))
    throw invalidArgument('cage', 'a cage of createCage()', cage);
  if (cage !== undefined && memory !== undefined) {
    throw invalidArgument('memory', 'no limit together with cage (a cage has its own)', memory);
  }
  if (keepDescendants !== undefined && typeof keepDescendants !== 'boolean') {
    throw invalidArgument('keepDescendants', 'true or false', keepDescendants);
  }
  const own = {
    limits: memory === undefined ? undefined : resolveMemory(memory),
    cage,
    namespaces: resolveNamespaces(namespaces),
    parent: resolveParent(parent),
    keepDescendants: keepDescendants === true,
  };
  if (own.limits === undefined) {
    for (const [name, given] of Object.entries({ parent, keepDescendants })) {
      if (given !== undefined) throw invalidArgument(name, 'this option only together with memory', given);
    }
  }
  return { node, own };
}

export function resolveMemory(memory: MemoryOption): ResolvedLimits {
  return resolveLimits(memory, { pageBytes: loadNative().constants.pageSize });
}

export function resolveParent(parent: unknown): string | undefined {
  if (parent === undefined) return undefined;
  if (parent instanceof Cgroup) return parent.path;
  if (typeof parent !== 'string') throw invalidArgument('parent', 'a Cgroup or the path of one', parent);
  return Cgroup.resolve(parent);
}
