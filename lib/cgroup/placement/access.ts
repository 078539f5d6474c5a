import { accessSync } from 'node:fs';
import { canLoad, loadNative } from '../../common/addon/load-native';

/**
 * The error with which the kernel would refuse to open a path; undefined if it would not. Judges by the
 * effective ids, as an open does. Node's own function takes the real ones, and where the addon does not load no cgroup
 * is made anyway.
 *
 * @param mode W_OK and the like of node:fs
 */
export function refusalToAccess(path: string, mode: number): NodeJS.ErrnoException | undefined {
  const isLoaded = canLoad();
  try {
    if (isLoaded) loadNative().checkAccess({ path, mode });
    else accessSync(path, mode);
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}
