import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CloneOptions, native } from 'memcage/native';
import { patience } from '../patience';
import { block } from '../until';
import { faults } from './faults';

export interface Running {
  pid: number;
  pidfd: number;
}

export const SIGKILL = 9;

export const temporaryDirectory = (): string => mkdtempSync(join(tmpdir(), 'memcage-native-'));

export function makeFifo(path: string): void {
  const AT_FDCWD = -100;
  const S_IFIFO = 0o010000;
  expect(faults.call('mknodat', AT_FDCWD, path, S_IFIFO | 0o600, 0)).toBe(0);
}

/** A clone of /bin/true that shares memory, without a namespace or cgroup of its own. */
export function cloneOptions(options: Partial<CloneOptions>): CloneOptions {
  return {
    file: '/bin/true',
    args: [options.file ?? 'true'],
    env: ['PATH=/usr/bin:/bin'],
    stdio: [-1, -1, -1],
    detached: false,
    killWithParent: false,
    namespaces: 0,
    privateMounts: false,
    mountProc: false,
    loopback: false,
    joinFds: [],
    watchdogMs: patience(10_000),
    ...options,
  };
}

/** /bin/sh with a script, and its arguments as $1, $2 ... */
export function shell(script: string, ...args: string[]): Pick<CloneOptions, 'file' | 'args'> {
  return { file: '/bin/sh', args: ['sh', '-c', script, 'sh', ...args] };
}

export function startChild(options: Partial<CloneOptions>): Running {
  const result = native.clone(cloneOptions(options));
  if ('stage' in result) throw new Error(`the clone failed: ${JSON.stringify(result)}`);
  return result;
}

/** Waits for an unwatched child. */
export function finish({ pidfd }: Running): void {
  native.reap({ pidfd });
  native.closeFd({ fd: pidfd });
}

export function killAndFinish(child: Running): void {
  native.pidfdSendSignal({ pidfd: child.pidfd, signal: SIGKILL });
  finish(child);
}

/** What a child writes to its standard output, from start to end. */
export function outputOf(options: Partial<CloneOptions>): string {
  const directory = temporaryDirectory();
  const path = join(directory, 'output');
  const fd = openSync(path, 'w');
  try {
    const [stdin = -1, , stderr = 2, ...others] = options.stdio ?? [];
    finish(startChild({ ...options, stdio: [stdin, fd, stderr, ...others] }));
    return readFileSync(path, 'utf8');
  } finally {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  }
}

/** Calls `look` while a child sleeps. */
export function whileRunning<T>(options: Partial<CloneOptions>, look: (pid: number) => T): T {
  const child = startChild({ ...options, file: '/bin/sleep', args: ['sleep', '60'] });
  try {
    // The clone returns when exec has replaced the memory, which is before exec resets signals and closes fds.
    const sleeps = (): boolean => readFileSync(`/proc/${child.pid}/stat`, 'utf8').includes('(sleep) S');
    if (!block(sleeps, 10_000, 1)) throw new Error('the child does not sleep');
    return look(child.pid);
  } finally {
    killAndFinish(child);
  }
}
