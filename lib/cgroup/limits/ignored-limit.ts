import { release } from 'node:os';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import type { CgroupDirectory } from '../directory/directory';
import { memoryFile, parseMemoryFile } from '../files/roles';
import type { LimitWrite } from './limit-write';

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
    `${option}: ${directory.path}/${file} was written and is still unlimited: this Linux ${release()} has no soft limits any more; leave the option out`,
    { path: `${directory.path}/${file}`, option },
  );
}
