import childProcess from 'node:child_process';
import type { Refs } from '../../../lib/common/addon/watcher';
import type { Launch } from '../../../lib/process/launch-contract';

interface StockHandle {
  pid: number;
  onexit: (exitCode: number, signal: string) => void;
  spawn(...args: unknown[]): number;
  kill(signal: number): number;
  close(): void;
  unref(): void;
}

/** The handle that Node itself drives. */
export function stockHandle(): StockHandle {
  const StockChild = childProcess.ChildProcess as unknown as new () => { _handle: StockHandle };
  return new StockChild()._handle;
}

/** Node 24 replaced the options object by positional arguments. */
export function spawnStock(handle: StockHandle, options: Record<string, unknown>): number {
  const { file, args, cwd, envPairs, stdio, detached, uid, gid } = options;
  // The prototype's spawn, because within a call of memcage the handle itself is locked.
  const spawn = (Object.getPrototypeOf(handle) as StockHandle).spawn.bind(handle);
  const positional = Number.parseInt(process.versions.node, 10) >= 24;
  const kProcessFlagDetached = 1;
  return positional
    ? spawn(file, args, cwd, envPairs, stdio, detached ? kProcessFlagDetached : 0, uid, gid)
    : spawn(options);
}

/** A launch without cgroups: a second, hidden process handle of Node. */
export const stockLaunch: Launch = (program, onEnd) => {
  const handle = stockHandle();
  const errno = spawnStock(handle, {
    ...program,
    envPairs: program.env,
    stdio: program.stdio.map((fd) => (fd === -1 ? { type: 'ignore' } : { type: 'fd', fd })),
  });
  if (errno !== 0) {
    handle.close();
    return { errno };
  }
  handle.unref();
  handle.onexit = (exitCode, signal) => {
    handle.close();
    if (signal === '') onEnd(exitCode, null, 0);
    else onEnd(null, signal as NodeJS.Signals, 0);
  };
  return { pid: handle.pid, kill: (signal) => handle.kill(signal) };
};

/** Does what the watcher's ref does: keeps the event loop alive while it is held. */
export function timerRefs(): Refs {
  const timer = setInterval(() => {}, 2 ** 30).unref();
  let holders = 0;
  return {
    acquire: () => {
      holders += 1;
      timer.ref();
    },
    release: () => {
      holders -= 1;
      if (holders === 0) timer.unref();
    },
  };
}
