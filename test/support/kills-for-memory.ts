import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { makeCgroup, write } from './cgroups/cgroup-tree';
import { isAlive } from './processes/processes';
import { until } from './until';

/**
 * Has the kernel kill processes for memory: they are moved into a cgroup in which another process takes too much, and the kernel
 * is told to kill that one last.
 */
export async function killForMemory(pids: readonly number[]): Promise<void> {
  const group = makeCgroup('8M');
  // It is charged to the cgroup, but does not make its writer the largest process.
  const file = `/dev/shm/memcage-test-${process.pid}`;
  try {
    for (const pid of pids) {
      write(`/proc/${pid}`, 'oom_score_adj', '1000');
      write(group.path, 'cgroup.procs', String(pid));
    }
    const script = `echo 0 >${group.path}/cgroup.procs; exec dd if=/dev/zero of=${file} bs=64K count=1K`;
    await once(spawn('sh', ['-c', script], { stdio: 'ignore' }), 'exit');
    await until('all are dead', () => !pids.some(isAlive));
  } finally {
    rmSync(file, { force: true });
    group.remove();
  }
}
