import { release } from 'node:os';
import type { NativeBinding, NativeError } from '../../../types/native';
import { isOlderThan, OLDEST_KERNEL } from '../machine/kernel-version';
import type { LoadFailure } from './load-failure';

/** What is wrong with this kernel, if memcage can't work with it. */
export function refuseOldKernel(binding: NativeBinding): LoadFailure | undefined {
  // The number alone proves nothing: some kernels have had features ported back, and gVisor calls itself 4.4.
  if (!isOlderThan(OLDEST_KERNEL, release()) || waitsForPidfds(binding)) return undefined;
  return {
    detail: `memcage needs Linux ${OLDEST_KERNEL.join('.')} or newer; this is Linux ${release()}`,
    cure: 'start a newer kernel',
  };
}

function waitsForPidfds(binding: NativeBinding): boolean {
  let pidfd: number | undefined;
  try {
    pidfd = binding.pidfdOpen({ pid: process.pid });
    // Fails with ECHILD on a kernel that knows pidfds.
    binding.reap({ pidfd });
    return true;
  } catch (error) {
    const { code } = error as NativeError;
    return code !== 'ENOSYS' && code !== 'EINVAL';
  } finally {
    if (pidfd !== undefined) binding.closeFd({ fd: pidfd });
  }
}
