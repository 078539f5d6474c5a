import type { NativeBinding } from '../../../types/native';
import { CgroupDirectory } from '../../cgroup/directory/directory';

/** A directory of a cgroup, as another thread can open it. */
export interface DirectoryPlace {
  dirFd: number;
  relative: string;
  path: string;
}

export function placeOf({ anchor, relative, path }: CgroupDirectory): DirectoryPlace {
  return { dirFd: anchor, relative, path };
}

/** The caller closes it. */
export function openPlace(native: NativeBinding, { dirFd, relative, path }: DirectoryPlace): CgroupDirectory {
  return CgroupDirectory.anchoredAt(native, native.openBeneath({ dirFd, path: relative, access: 'path' }), path);
}
