import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { patience } from '../patience';

const PROGRAMS = join(__dirname, '../../fixtures/enforcement');

/** Takes the right to write from every cgroup file system, as in most containers, in a mount namespace of its own. */
const READ_ONLY =
  "set -e; mount --make-rprivate /; awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/mounts | " +
  'while read -r at; do mount -o remount,ro,bind "$at"; done; exec "$@"';

/** A command where every cgroup file system is read-only. */
export function withReadOnlyCgroups(command: readonly string[]): string[] {
  return ['unshare', '--mount', 'sh', '-c', READ_ONLY, 'sh', ...command];
}

interface View {
  /** Default: true. */
  readOnly?: boolean;
  env?: Record<string, string>;
}

/** What a program of test/fixtures/enforcement prints, as JSON, where no cage can be made. */
export async function answersOf<T>(
  name: string,
  question: string,
  { readOnly = true, env = {} }: View = {},
): Promise<T> {
  const command = [process.execPath, join(PROGRAMS, name), question];
  const [file = '', ...args] = readOnly ? withReadOnlyCgroups(command) : command;
  const { stdout } = await promisify(execFile)(file, args, {
    env: { ...process.env, MEMCAGE_ENFORCE: undefined, ...env },
    timeout: patience(60_000),
    killSignal: 'SIGKILL',
  });
  return JSON.parse(stdout) as T;
}
