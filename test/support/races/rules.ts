/** Words of the rules of test/overseer, for the calls that many races are about. */

/** A mark of test/fixtures/races/operations.js. */
export const mark = (name: string): string =>
  `parent ${process.arch === 'x64' ? 'access' : 'faccessat'} 1:/memcage-test-mark/${name}$`;

/** The parent starts the child. */
export const CLONES = 'parent clone3 1';
/** The child joins its cage. */
export const JOINS = 'child write 1:/tasks$';
export const EXECUTES = 'child execve 1';
/** The watcher hears of the child from here on. */
export const WATCHED = 'parent epoll_ctl 1:pidfd';
export const SIGNALS = 'parent pidfd_send_signal 1';
/** The watcher reaps the child. */
export const REAPED = 'watcher waitid 1';
/** The watcher removes the private cage of a child that has ended by itself, as its last step. */
export const REMOVES = 'watcher unlinkat 2:^1$';
/** close() kills what is in a shared cage. */
export const KILLS = 'parent write 1:/cgroup\\.kill$';
/** The parent, told of an OOM, looks whether the kernel has killed. The first time is before the start. */
export const LOOKS = 'parent openat2 2:memory\\.oom_control$';
/** The launcher waits at its gate. */
export const AT_GATE = 'launcher ppoll 1';
/** The parent opens the gate. The first message tells another child to end. */
export const OPENS_GATE = 'parent write 2:^socket';

/** Who makes `second` waits until `first` has returned. */
export const inOrder = (first: string, second: string): string => `hold ${second} after ${first}`;

/** Whoever makes the call waits until the child is dead. */
export const onceDead = (point: string, child = 1): string => `hold ${point} end child ${child}`;

/** Somebody else acts when this call has come, and it waits: a command of test/fixtures/races/stranger.sh. */
export const meanwhile = (point: string, command: string): string => `run ${point} . "$STRANGER"; ${command}`;

/**
 * The kernel kills only once the parent, told of the OOM, looks: else the watcher, if it is late, hears of the OOM and of the end at
 * once, and tells of both together.
 */
export const KILLS_AT_LOOK = [
  meanwhile(EXECUTES, 'put 1 memory.oom_control 1'),
  meanwhile(LOOKS, 'put 1 memory.oom_control 0 && killed 1'),
];
