import { readFileSync, readlinkSync, writeSync } from 'node:fs';
import type { NativeBinding } from '../../../../../types/native';
import { loadNative } from '../../../../common/addon/load-native';
import { watcher } from '../../../../common/addon/watcher';

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
  const own = streamsOf('self');
  let child = stateOf(process.pid);
  for (let isClient = false; !isClient; ) {
    if (child === undefined || child.parent === 0) throw unseen();
    const { parent: pid } = child;
    const pidfd = open(native, pid);
    const parent = stateOf(pid);
    // While it is still the parent it has not been reaped, so the pidfd is that of no later process with its pid.
    const isStill = child.pid === process.pid ? process.ppid : stateOf(child.pid)?.parent;
    if (isStill !== pid) throw gone();
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

interface State {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  readonly name: string;
}

/** Undefined: it has been reaped, or is hidden. */
function stateOf(pid: number): State | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name itself may contain blanks and parentheses.
    const end = stat.lastIndexOf(')');
    const name = stat.slice(stat.indexOf('(') + 1, end);
    const [, parent, , session] = stat.slice(end + 2).split(' ');
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

/** What its stdin and stdout are: `pipe:[4711]`, `/dev/pts/0`; undefined where one is closed. */
function streamsOf(pid: number | 'self'): (string | undefined)[] {
  return [0, 1].map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  });
}

/**
 * Whether it has the same stdin or stdout. /dev/null is everybody's, and says nothing where the other one does. Those of
 * another user can't be seen: more is watched then, up to pid 1.
 */
function handsOn(pid: number, own: readonly (string | undefined)[]): boolean {
  const isMute = (stream: string | undefined): boolean =>
    stream === '/dev/null' && !own.every((each) => each === stream);
  try {
    return streamsOf(pid).some((stream, fd) => stream === own[fd] && !isMute(stream));
  } catch {
    return pid !== 1;
  }
}

/** Whether stdout is a pipe, socket or terminal whose other end is closed. Nothing is written. */
function isUnread(native: NativeBinding, stdout = ''): boolean {
  // A pipe takes nothing from anybody. poll(2) reports the error that more would be.
  if (stdout.startsWith('pipe:')) return native.waitReadable({ fd: 1, timeoutMs: 0 });
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
