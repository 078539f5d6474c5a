import { write as writeCallback } from 'node:fs';
import { release } from 'node:os';
import { promisify } from 'node:util';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { checkInteger, MOST_SWAPPINESS } from '../../common/options/checks';
import { checkOptions } from '../../common/options/option-names';
import { checkSize } from '../../common/text/size';
import type { CgroupDirectory } from '../directory/directory';
import type { CgroupVersion } from '../files/formats';
import { memoryFile } from '../files/roles';
import { readMemoryFile } from '../limits/limit-files';

const write = promisify(writeCallback);

/**
 * Options of {@link Cgroup.reclaim}.
 *
 * @experimental
 */
export interface ReclaimOptions {
  /**
   * What to reclaim: from 0 (only page cache) to 200 (first memory that must be swapped out). Linux 6.12 accepts it,
   * 6.1 does not yet. Default: the machine's value, /proc/sys/vm/swappiness.
   */
  swappiness?: number;
}

/** Throws TypeError or RangeError. */
function checked({ bytes, options }: { bytes: unknown; options: unknown }, pageBytes: number) {
  const wanted = checkSize('bytes', bytes, { pageBytes });
  const { swappiness } = checkOptions(options, { of: 'cgroup.reclaim', known: ['swappiness'] }) as ReclaimOptions;
  if (swappiness !== undefined) checkInteger('swappiness', swappiness, { least: 0, most: MOST_SWAPPINESS });
  return { wanted, swappiness };
}

/**
 * Reclaims memory from a cgroup of v2. The kernel does the work during the write, which may take seconds, so a thread of
 * libuv's pool does it.
 *
 * @returns by how many bytes the usage went down
 */
export async function reclaim(
  directory: CgroupDirectory,
  version: CgroupVersion,
  given: { bytes: unknown; options: unknown },
): Promise<number> {
  const { wanted, swappiness } = checked(given, directory.native.constants.pageSize);
  const file = memoryFile('reclaim', version, 'reclaim()');
  const before = usage(directory);
  const bytes = wanted === Number.POSITIVE_INFINITY ? before : wanted;
  const fd = directory.open(file, 'write');
  try {
    await write(fd, swappiness === undefined ? String(bytes) : `${bytes} swappiness=${swappiness}`);
  } catch (error) {
    const { code, errno, syscall } = error as NodeJS.ErrnoException;
    const path = `${directory.path}/${file}`;
    const details = { errno, syscall, path, cause: error };
    if (code === 'EINVAL' && swappiness !== undefined) {
      throw new MemcageError(
        ErrorCode.UNSUPPORTED,
        `swappiness: Linux ${release()} does not take it in ${file}; leave it out, or use a newer kernel`,
        { ...details, option: 'swappiness' },
      );
    }
    if (code === 'ENODEV') throw new MemcageError(ErrorCode.NO_CGROUP, `${directory.path} was removed`, details);
    // EAGAIN: the kernel reclaimed less than was asked for. The result says so.
    if (code !== 'EAGAIN') throw error;
  } finally {
    directory.native.closeFd({ fd });
  }
  return Math.max(0, before - usage(directory));
}

function usage(directory: CgroupDirectory): number {
  return readMemoryFile(directory, 2, 'usage') ?? 0;
}
