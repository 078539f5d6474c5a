import { type BigIntStats, fstatSync, readFileSync, statSync, writeSync } from 'node:fs';
import type { NativeBinding } from '../../../../../types/native';
import { loadNative } from '../../../../common/addon/load-native';
import { watcher } from '../../../../common/addon/watcher';
import { readProcStat } from '../../read-proc';

/**
 * Watches all between this process and its client, and the client: the nearest process above that has neither this one's stdin nor
 * its stdout, so it made them. What is between is `npx`, npm, a shell or any other launcher: each hands on what it was given.
 *
 * Throws if the client has ended already, or can't be seen.
 *
 * @param onEnd called in a later turn of the event loop, once for each that ends, with what has ended
 */
export function watchParents(onEnd: (reason: Error) => void): void {
  const native = loadNative();
  const own = STREAMS.map((fd) => fstatSync(fd, { bigint: true }));
  let child = stateOf(process.pid);
  for (let isClient = false; !isClient; ) {
    if (child === undefined || child.parent === 0) throw unseen();
    const { parent: pid } = child;
    const pidfd = open(native, pid);
    const parent = stateOf(pid);
    // While it is still the parent it has not been reaped, so the pidfd is that of no later process with its pid.
    if (stateOf(child.pid)?.parent !== pid) throw gone();
    if (parent === undefined) throw unseen();
    // A fork keeps the session, and who leaves it leads the next: this one was adopted when its parent ended.
    if (child.session !== parent.session && child.session !== child.pid) throw gone();
    watcher().event(pidfd, 'event', () =>
      onEnd(new Error(`${parent.name} (pid ${pid}) has ended (--die-with-parent)`)),
    );
    isClient = !handsOn(pid, own);
    child = parent;
  }
  // A process closes its fds before its children are adopted. So those who were adopted in its session, or lead one, know it by this.
  if (isUnread(native, own[1])) throw gone();
}

const STREAMS = [0, 1] as const;

interface State {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  readonly name: string;
}

/** Undefined: it has been reaped, or is hidden. */
function stateOf(pid: number): State | undefined {
  try {
    const [, parent, , session] = readProcStat(pid);
    const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd();
    return { pid, parent: Number(parent), session: Number(session), name };
  } catch {
    return undefined;
  }
}

function open(native: NativeBinding, pid: number): number {
  try {
    return native.pidfdOpen({ pid });
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ESRCH' ? gone() : error;
  }
}

/**
 * Whether it has the same stdin or stdout. /dev/null is everybody's, and says nothing where the other one does. Those of
 * another user can't be seen: more is watched then, up to pid 1.
 */
function handsOn(pid: number, own: readonly BigIntStats[]): boolean {
  const nullDevice = statSync('/dev/null', { bigint: true, throwIfNoEntry: false })?.rdev;
  const speaking = STREAMS.filter((fd) => own[fd]?.rdev !== nullDevice);
  try {
    return (speaking.length === 0 ? STREAMS : speaking).some((fd) => {
      const theirs = statSync(`/proc/${pid}/fd/${fd}`, { bigint: true, throwIfNoEntry: false });
      return theirs?.dev === own[fd]?.dev && theirs?.ino === own[fd]?.ino;
    });
  } catch {
    return pid !== 1;
  }
}

/** Whether stdout is a pipe, socket or terminal whose other end is closed. Nothing is written. */
function isUnread(native: NativeBinding, stdout: BigIntStats | undefined): boolean {
  // A pipe takes nothing from anybody. poll(2) reports the error that more would be.
  if (stdout?.isFIFO() === true) return native.waitReadable({ fd: 1, timeoutMs: 0 });
  try {
    writeSync(1, '');
    return false;
  } catch (error) {
    return ['EPIPE', 'EIO'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}

function gone(): Error {
  return new Error('what started memcage has ended already (--die-with-parent)');
}

function unseen(): Error {
  const cure = 'start memcage in the PID namespace of its client, or give it a stdin and stdout of its own';
  return new Error(`--die-with-parent can't see the process that made memcage's stdin and stdout. Cure: ${cure}`);
}
