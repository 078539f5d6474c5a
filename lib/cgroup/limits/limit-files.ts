import { release } from 'node:os';
import { ErrorCode, MemcageError, told } from '../../common/errors/errors';
import { CURE, mention, words } from '../../common/errors/words';
import type { CgroupDirectory } from '../directory/directory';
import { missingFile, refusedValue } from '../directory/refused-file';
import type { CgroupVersion } from '../files/formats';
import { type MemoryRole, memoryFile, parseMemoryFile } from '../files/roles';
import type { ResolvedLimits } from './cage-limits';
import type { LimitWrite } from './limit-plan';

/**
 * The limits of a cgroup as the kernel has them, in bytes. A limit is absent if this version or kernel lacks it, or
 * does not account for it.
 */
export interface Limits extends ResolvedLimits {
  /** The hard limit; `Infinity` if unlimited. */
  max: number;
  /** False if the cgroup can use more than `max` by swapping. */
  swapLimited: boolean;
}

/**
 * Reads a memory interface file of a cgroup as a value; undefined if the cgroup or this kernel lacks it. Throws
 * `ERR_MEMCAGE_NOT_IN_VERSION` for a role that this cgroup version lacks.
 */
export function readMemoryFile<R extends MemoryRole>(directory: CgroupDirectory, version: CgroupVersion, role: R) {
  const text = directory.readIfPresent(memoryFile(role, version));
  return text === undefined ? undefined : parseMemoryFile(role, version, text, directory.path);
}

export function readLimits(directory: CgroupDirectory, version: CgroupVersion, swapOn: boolean): Limits {
  // The root of a v2 hierarchy has no memory.max: nothing limits it.
  const max = readMemoryFile(directory, version, 'max') ?? Number.POSITIVE_INFINITY;
  const limits = READ[version](directory, max);
  const swapLimited = !swapOn || (limits.swap ?? Number.POSITIVE_INFINITY) !== Number.POSITIVE_INFINITY;
  return { ...limits, swapLimited };
}

type Sizes = Omit<Limits, 'swapLimited'>;

const READ: Readonly<Record<CgroupVersion, (directory: CgroupDirectory, max: number) => Sizes>> = {
  1: readV1,
  2: readV2,
};

/** The limits of memory and of swap alone; `swap` is undefined if swap is not accounted. */
export function readHardLimits(
  directory: CgroupDirectory,
  version: CgroupVersion,
): { max: number; swap: number | undefined } {
  const max = readMemoryFile(directory, version, 'max') ?? Number.POSITIVE_INFINITY;
  return { max, swap: version === 1 ? readSwapV1(directory, max) : readMemoryFile(directory, 2, 'swap') };
}

function readSwapV1(directory: CgroupDirectory, max: number): number | undefined {
  const memsw = readMemoryFile(directory, 1, 'memsw');
  return memsw === undefined || memsw === Number.POSITIVE_INFINITY ? memsw : Math.max(0, memsw - max);
}

function readV1(directory: CgroupDirectory, max: number): Sizes {
  const control = readMemoryFile(directory, 1, 'oomKill');
  return present({
    max,
    swap: readSwapV1(directory, max),
    soft: readMemoryFile(directory, 1, 'soft'),
    swappiness: readMemoryFile(directory, 1, 'swappiness'),
    oomKill: control && !control.oomKillDisable,
  });
}

function readV2(directory: CgroupDirectory, max: number): Sizes {
  return present({
    max,
    swap: readMemoryFile(directory, 2, 'swap'),
    swapHigh: readMemoryFile(directory, 2, 'swapHigh'),
    zswap: readMemoryFile(directory, 2, 'zswap'),
    high: readMemoryFile(directory, 2, 'high'),
    low: readMemoryFile(directory, 2, 'low'),
    min: readMemoryFile(directory, 2, 'min'),
    oomGroup: readMemoryFile(directory, 2, 'oomGroup'),
  });
}

function present(limits: { [K in keyof Sizes]: Sizes[K] | undefined }): Sizes {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)) as unknown as Sizes;
}

/** Writes limits in order. If one is refused, it restores those before it, and the error says which one it was. */
export function writeLimits(directory: CgroupDirectory, version: CgroupVersion, writes: readonly LimitWrite[]): void {
  const undo: { file: string; value: string }[] = [];
  for (const write of writes) {
    const { file, option } = write;
    const before = directory.readIfPresent(file);
    if (before === undefined) {
      rollBack(directory, undo);
      throw missingFile(directory, file, { subject: option, option });
    }
    try {
      writeLimit(directory, version, write);
    } catch (error) {
      rollBack(directory, undo);
      throw error;
    }
    undo.unshift({ file, value: restorable(before) });
  }
}

/** {@link writeLimits} for a new cgroup. It restores nothing: if a limit is refused, the cgroup is removed. */
export function writeFirstLimits(
  directory: CgroupDirectory,
  version: CgroupVersion,
  writes: readonly LimitWrite[],
): void {
  for (const write of writes) writeLimit(directory, version, write);
}

function writeLimit(directory: CgroupDirectory, version: CgroupVersion, write: LimitWrite): void {
  const { file, value, option } = write;
  try {
    directory.write(file, value);
  } catch (error) {
    throw refusedValue(error, { directory, version, option, value, file });
  }
  refuseIgnored(directory, write);
}

function rollBack(directory: CgroupDirectory, undo: readonly { file: string; value: string }[]): void {
  for (const { file, value } of undo) {
    try {
      directory.write(file, value);
    } catch {
      // Report the first refusal. A limit that can't be restored is visible in limits().
    }
  }
}

/** memory.oom_control has three lines; only the value in the first can be written back. */
function restorable(text: string): string {
  const first = text.split('\n', 1)[0] ?? '';
  return first.startsWith('oom_kill_disable ') ? first.slice('oom_kill_disable '.length) : first;
}

const SOFT_LIMIT = memoryFile('soft', 1);

/**
 * Throws if the kernel has ignored a soft limit. Newer kernels accept a write to v1's soft limit but keep none, and
 * only their log says so. A limit that does not hold is an error.
 *
 * @throws MemcageError `ERR_MEMCAGE_UNSUPPORTED`
 */
export function refuseIgnored(directory: CgroupDirectory, { file, value, option }: LimitWrite): void {
  if (file !== SOFT_LIMIT || value === '-1') return;
  const inForce = parseMemoryFile('soft', 1, directory.read(file), directory.path);
  if (inForce !== Number.POSITIVE_INFINITY) return;
  throw new MemcageError(
    ErrorCode.UNSUPPORTED,
    words`${mention(option)}: ${directory.path}/${file} was written and is still unlimited: this Linux ${release()} has no soft limits any more; leave the option out`,
    { path: `${directory.path}/${file}`, option },
  );
}

const FILE = 'memory.use_hierarchy';

/**
 * Makes a new cgroup of v1 count what the cgroups below it use, so that its limits hold for them too: a child may make
 * some. Since Linux 5.11 each does. Before that, a new cgroup does as the one around it does, and can only change that
 * as long as none is below it. Some machines never change it: systemd does, for all.
 */
export function holdBelow(directory: CgroupDirectory): void {
  if (directory.readIfPresent(FILE)?.trim() !== '0') return;
  try {
    directory.write(FILE, '1');
  } catch (error) {
    if (!(error instanceof MemcageError)) throw error;
    const { path } = directory;
    const cure = 'use Linux 5.11 or newer, or cgroup v2';
    throw new MemcageError(
      ErrorCode.UNSUPPORTED,
      words`No limit of ${path} would hold for cgroups that a child makes below it, since its ${FILE} is 0 and can't be changed: ${told(error).detail}${CURE}${cure}`,
      { path, errno: error.errno, syscall: error.syscall, cause: error },
    );
  }
}
