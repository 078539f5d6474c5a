import type { KillCommand } from './arguments';
import { findTarget } from './target';

/** Returns the exit code. */
export async function killCommand({ target }: KillCommand): Promise<number> {
  using cgroup = findTarget(target);
  const pids = cgroup.procs();
  // Nobody would be left to say what became of it; and the shell that asked is most likely there too.
  if (pids.includes(process.pid)) throw new Error(`${cgroup.path} is the cgroup of this very command, or above it`);
  await cgroup.kill();
  process.stdout.write(`killed ${pids.length === 1 ? '1 process' : `${pids.length} processes`} in ${cgroup.path}\n`);
  return 0;
}
