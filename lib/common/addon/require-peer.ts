import { MemcageError } from '../errors/errors';

/** Loads a package that only this entry needs. Throws `ERR_MEMCAGE_NO_PACKAGE` if it is not installed. */
export function requirePeer(load: () => unknown, { name, entry }: { name: string; entry: string }): unknown {
  try {
    return load();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw cause;
    throw new MemcageError('ERR_MEMCAGE_NO_PACKAGE', `${entry} needs ${name}: npm install ${name}`, { cause });
  }
}
