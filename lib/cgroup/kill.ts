import { constants } from 'node:os';
import type { CgroupDirectory } from './directory';
import { cgroupError, refusedWith } from './refusal';

const { SIGKILL } = constants.signals;

/** Where a cgroup's processes can be stopped all at once: on v1 that is another hierarchy than the memory controller's. */
export interface Guard {
  kind: 'unified' | 'freezer';
  directory: CgroupDirectory;
}

/**
 * SIGKILL for every process of a cgroup and of those below it. With `cgroup.kill` (Linux 5.14) or a freezer nothing can
 * escape by forking; without either, one pass over the pids is made, to be repeated until the cgroup is empty.
 */
export function killAll(memory: CgroupDirectory, guard: Guard | undefined): void {
  if (guard === undefined) {
    if (!killAtOnce(memory)) killEach(memory);
    return;
  }
  // The guard is removed before the memory cgroup, by us; someone else may remove either.
  unlessGone(() => {
    if (guard.kind === 'freezer' || !killAtOnce(guard.directory)) killFrozen(guard);
  });
  // Processes that were put into the memory cgroup only (by its user) are not in the guard.
  unlessGone(() => killEach(memory));
}

function unlessGone(kill: () => void): void {
  try {
    kill();
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MEMCAGE_CGROUP_GONE';
}

function killAtOnce(directory: CgroupDirectory): boolean {
  if (!directory.has('cgroup.events')) return false;
  try {
    directory.write('cgroup.kill', '1');
    return true;
  } catch (error) {
    // Before Linux 5.14 there is no such file.
    if (isGone(error)) return false;
    throw error;
  }
}

/** Frozen processes can't fork; a v1 frozen one takes SIGKILL only once thawed. */
function killFrozen(guard: Guard): void {
  const { directory } = guard;
  const [file, freeze, thaw] =
    guard.kind === 'freezer' ? ['freezer.state', 'FROZEN', 'THAWED'] : ['cgroup.freeze', '1', '0'];
  directory.write(file, freeze);
  try {
    killEach(directory);
  } finally {
    directory.write(file, thaw);
  }
}

/** The pids of a cgroup and of those below it. */
export function listPids(directory: CgroupDirectory, file: 'cgroup.procs' | 'tasks' | 'cgroup.threads'): number[] {
  // Absent: a threaded cgroup, whose processes are listed above it.
  const pids = (directory.readIfPresent(file) ?? '').split('\n').filter((line) => line !== '');
  const nested = directory.children().flatMap((name) => {
    try {
      return listPids(directory.below(name), file);
    } catch (error) {
      if (isGone(error)) return [];
      throw error;
    }
  });
  return [...pids.map(Number), ...nested];
}

function killEach(directory: CgroupDirectory): void {
  let held: { pid: number; pidfd: number }[] = [];
  try {
    held = listPids(directory, 'cgroup.procs').flatMap((pid) => hold(directory, pid));
    // A pid may have been given to a stranger before it was held: only what is still a member is ours to kill.
    const members = new Set(listPids(directory, 'cgroup.procs'));
    for (const { pid, pidfd } of held) if (members.has(pid)) signal(directory, pidfd);
  } finally {
    for (const { pidfd } of held) directory.native.closeFd({ fd: pidfd });
  }
}

function hold(directory: CgroupDirectory, pid: number): { pid: number; pidfd: number }[] {
  // 0: a process of another PID namespace, which can't be named from here.
  if (pid === 0) return [];
  try {
    return [{ pid, pidfd: directory.native.pidfdOpen({ pid }) }];
  } catch (error) {
    // EMFILE: the rest is killed by a later pass.
    if (refusedWith(error, 'ESRCH', 'EINVAL', 'EMFILE', 'ENFILE')) return [];
    throw error;
  }
}

function signal(directory: CgroupDirectory, pidfd: number): void {
  try {
    directory.native.pidfdSendSignal({ pidfd, signal: SIGKILL });
  } catch (error) {
    if (!refusedWith(error, 'ESRCH')) throw cgroupError(error, 'kill a process of', directory.path);
  }
}
