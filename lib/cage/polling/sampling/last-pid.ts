import { readFileSync } from 'node:fs';

/**
 * The pid that was given last in this PID namespace. The kernel gives them in ascending order, and starts again at the
 * end: as long as this has not gone backwards, no pid outside of what it has passed has changed its process.
 *
 * undefined where the kernel does not say, or something that emulates it says 0.
 */
export function readLastPid(): number | undefined {
  // The first is not in every kernel (CONFIG_CHECKPOINT_RESTORE). Over the second, containers may have a file that is not
  // the kernel's (lxcfs), and seconds old.
  const pid = Number(readIfThere('/proc/sys/kernel/ns_last_pid') ?? readIfThere('/proc/loadavg')?.split(' ')[4]);
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
