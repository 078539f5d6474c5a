import { files, version } from '../cgroups/cgroup-tree';

/** Words of the rules of test/overseer, for the calls that many races are about. */

/** An expression for the end of the path of such a file of a cgroup, which is named as in the rules. */
export const file = (name: string, cgroup = ''): string => `${cgroup && `${cgroup}/`}${name.replaceAll('.', '\\.')}$`;

/** A mark of test/fixtures/races/operations.js. */
export const mark = (name: string): string =>
  `parent ${process.arch === 'x64' ? 'access' : 'faccessat'} 1:/memcage-test-mark/${name}$`;

/** The parent starts the child. On v2 that is born in its cage. */
export const CLONES = 'parent clone3 1';
/** The child joins its cage, on v1. */
export const JOINS = 'child write 1:/tasks$';
export const EXECUTES = 'child execve 1';
/** The watcher hears of the child from here on. */
export const WATCHED = 'parent epoll_ctl 1:pidfd';
export const SIGNALS = 'parent pidfd_send_signal 1';
/** The watcher reaps the child. */
export const REAPED = 'watcher waitid 1';
/** close() kills what is in a shared cage. */
export const KILLS = 'parent write 1:/cgroup\\.kill$';
/** The launcher waits at its gate. */
export const AT_GATE = 'launcher ppoll 1';
/** The parent opens the gate. */
export const OPENS_GATE = 'parent sendto 1:^socket';

/** Removes the cgroup of that name. On v1 there is one in the unified hierarchy too, for cgroup.kill, which goes last. */
export const removals = (role: string, name: string): string[] =>
  (version === 1 ? [1, 2] : [1]).map((nth) => `${role} unlinkat ${nth}:^${name}$`);
export const removed = (role: string, name: string): string => removals(role, name).at(-1) as string;
/** The watcher removes the private cage of a child that has ended by itself, as its last step. */
export const REMOVES = removed('watcher', '1');

/** The parent, told of an OOM, looks whether the kernel has killed: that look, of those after the start. */
const look = (nth: number): string =>
  // The first of all is before the start.
  version === 1 ? `parent openat2 ${nth + 1}:memory\\.oom_control$` : `parent pread64 ${nth + 1}:/1/memory\\.events$`;
export const LOOKS = look(1);
export const LOOKS_AGAIN = look(2);

/** Who makes `second` waits until `first` has returned. */
export const inOrder = (first: string, second: string): string => `hold ${second} after ${first}`;

/** Whoever makes the call waits until the child is dead. */
export const onceDead = (point: string, child = 1): string => `hold ${point} end child ${child}`;

/** Somebody else acts when this call has come, and it waits: a command of test/fixtures/races/stranger.sh. */
export const meanwhile = (point: string, command: string): string => `run ${point} . "$STRANGER"; ${command}`;

/** Somebody else sets the limit of the cages of that name. */
export const putLimit = (name: string, size: string): string => `put ${name} ${files.limit} ${size}`;

/**
 * The parent, told of the OOM, looks when the kernel has killed. On v1 that has to wait for the look: else the watcher, if it is late,
 * hears of the OOM and of the end at once, and tells of both together. On v2 it is the event loop that hears of the OOM.
 */
export const KILLED_AT_LOOK =
  version === 1
    ? [meanwhile(EXECUTES, 'put 1 memory.oom_control 1'), meanwhile(LOOKS, 'put 1 memory.oom_control 0 && killed 1')]
    : [onceDead(LOOKS)];
