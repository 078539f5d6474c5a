import type { NativeBinding } from '../../../types/native';
import { OwnedFd } from '../../common/addon/owned-fd';
import { host, ownPath } from '../hierarchy/host';
import { openNotesDirectory } from './notes-directory';

type Shown = Parameters<NativeBinding['showGuardian']>[0]['what'];

/** Shows a new guardian what it needs to note how things end. Without that it ends them all the same, so nothing is thrown. */
export function showDirectories(native: NativeBinding): void {
  show(native, 'notes', openNotesDirectory);
  show(native, 'around', () => {
    const path = ownPath(host().memory);
    return path === undefined ? undefined : native.openDirectory({ path });
  });
}

function show(native: NativeBinding, what: Shown, open: () => number | undefined): void {
  let directory: OwnedFd | undefined;
  try {
    const fd = open();
    if (fd === undefined) return;
    directory = new OwnedFd(native, fd);
    native.showGuardian({ fd: directory.fd, what });
  } catch {
    // No fd is free, for example.
  } finally {
    directory?.close();
  }
}
