import { constants } from 'node:os';
import { ErrorCode, MemcageError } from '../../errors/errors';
import { pauseSync } from '../../event-loop/pause-sync';
import { withPriority } from '../../machine/priority';
import { readProcStat } from '../../machine/proc-stat';
import type { CgroupDirectory } from '../directory/directory';
import { cgroupError, refusedWith, unlessGone } from '../directory/refusal';
import { withAccess } from '../directory/with-access';
import { setFrozen } from './freezer';
import type { KillCgroup } from './kill-cgroup';
import { listPids } from './pids';

const { SIGKILL, SIGSTOP } = constants.signals;

/** For stopping what forks; what is faster than that is met again by the caller's next attempt. */
const STOPPING_MS = 1000;
/** So often at least: the first rounds of a process, not yet compiled, may take longer than that on a slow machine. */
const LEAST_ROUNDS = 4;
const ROUND_PAUSE_MS = 1;

/**
 * SIGKILL for every process of a cgroup and of those below it. With `cgroup.kill` (Linux 5.14) or a freezer nothing can
 * escape by forking; without either, its processes are stopped, then killed, to be repeated until the cgroup is empty.
 */
export function killAll(memory: CgroupDirectory, killCgroup: KillCgroup | undefined): void {
  if (killCgroup === undefined) {
    withAccess(memory, () => killIn(memory));
    return;
  }
  // The kill cgroup is removed before the memory cgroup, by us; someone else may remove either.
  const dying = unlessGone(() =>
    withAccess(killCgroup.directory, () => {
      if (killCgroup.kind === 'freezer') killFrozen(killCgroup);
      else killIn(killCgroup.directory);
      return new Set(listPids(killCgroup.directory, 'cgroup.procs'));
    }),
  );
  // Processes that were put into the memory cgroup only (by its user) are not in the kill cgroup. To stop the others as well would take
  // another look at each cgroup below, of which a payload may have made thousands.
  unlessGone(() => withAccess(memory, () => killEach(memory, dying)));
}

/** In the hierarchy that can do it at once, or, a v1 memory cgroup without a kill cgroup, pid by pid. */
function killIn(directory: CgroupDirectory): void {
  if (!directory.has('cgroup.events')) killEach(directory);
  else if (!killAtOnce(directory)) killFrozen({ kind: 'unified', directory });
}

function killAtOnce(directory: CgroupDirectory): boolean {
  try {
    directory.write('cgroup.kill', '1');
    return true;
  } catch (error) {
    // Before Linux 5.14 there is no such file, and a threaded cgroup does not support it.
    if ((error instanceof MemcageError && error.code === ErrorCode.UNSUPPORTED) || refusedWith(error, 'EOPNOTSUPP'))
      return false;
    throw error;
  }
}

/** Frozen processes can't fork; a v1 frozen one takes SIGKILL only once thawed. */
function killFrozen(killCgroup: KillCgroup): void {
  const { directory } = killCgroup;
  if (killCgroup.kind === 'unified' && !directory.has('cgroup.freeze')) {
    // Before Linux 5.2.
    killEach(directory);
    return;
  }
  setFrozen(killCgroup, true);
  try {
    killEach(directory);
  } finally {
    setFrozen(killCgroup, false);
  }
}

/**
 * All are stopped before the first is killed: what dies makes room, below a limit on processes, for those that fork, and
 * frees memory that they wait for.
 *
 * @param dying those of them that need not be killed
 */
function killEach(directory: CgroupDirectory, dying: ReadonlySet<number> = new Set()): void {
  // A hundred processes that fork leave a thread a hundredth of the processor: it would never catch up with them.
  withPriority(() => stopThenKill(directory, dying));
}

function stopThenKill(directory: CgroupDirectory, dying: ReadonlySet<number>): void {
  const held = new Map<number, number>();
  const stopped: number[] = [];
  try {
    const end = performance.now() + STOPPING_MS;
    for (let round = 0; round < LEAST_ROUNDS || performance.now() < end; round += 1) {
      // A fork that is under way when SIGSTOP is sent goes through: what was seen to run may have a child by now.
      const running = [...held.keys()].some(isRunning);
      if (running) pauseSync(ROUND_PAUSE_MS);
      const fresh = listPids(directory, 'cgroup.procs').filter(
        (pid) => !dying.has(pid) && !held.has(pid) && hold(directory, pid, held),
      );
      if (fresh.length === 0) {
        if (running) continue;
        break;
      }
      // A pid may have been given to a stranger before it was held: only what is still a member is ours to signal.
      const ours = new Set(listPids(directory, 'cgroup.procs'));
      for (const pid of fresh) {
        const pidfd = held.get(pid);
        if (pidfd === undefined || !ours.has(pid)) {
          release(directory, pid, held);
          continue;
        }
        stopped.push(pidfd);
        signal(directory, pidfd, SIGSTOP);
      }
    }
  } finally {
    // None is left stopped, whatever has failed.
    for (const pidfd of stopped) signal(directory, pidfd, SIGKILL);
    for (const pid of held.keys()) release(directory, pid, held);
  }
}

/** Whether it has not stopped yet, be it that it waits for a processor. One that waits for anything else forks later. */
function isRunning(pid: number): boolean {
  try {
    return readProcStat(pid)[0] === 'R';
  } catch {
    return false;
  }
}

/** @returns whether it is held now */
function hold(directory: CgroupDirectory, pid: number, held: Map<number, number>): boolean {
  // 0: a process of another PID namespace, which can't be named from here.
  if (pid === 0) return false;
  try {
    held.set(pid, directory.native.pidfdOpen({ pid }));
    return true;
  } catch (error) {
    // EMFILE: the rest is killed by a later pass.
    if (refusedWith(error, 'ESRCH', 'EINVAL', 'EMFILE', 'ENFILE')) return false;
    throw error;
  }
}

function release(directory: CgroupDirectory, pid: number, held: Map<number, number>): void {
  const fd = held.get(pid);
  held.delete(pid);
  if (fd !== undefined) directory.native.closeFd({ fd });
}

function signal(directory: CgroupDirectory, pidfd: number, number: number): void {
  try {
    directory.native.pidfdSendSignal({ pidfd, signal: number });
  } catch (error) {
    if (!refusedWith(error, 'ESRCH')) throw cgroupError(error, 'kill a process of', directory.path);
  }
}
