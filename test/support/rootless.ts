import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RunOptions } from 'memcage';

/** A user without rights: nobody if root runs the tests, else whoever runs them. */
export const user =
  process.getuid?.() === 0
    ? { name: 'nobody', uid: 65534, gid: 65534 }
    : { name: userInfo().username, uid: userInfo().uid, gid: userInfo().gid };

export type Attempt = [file: string, args: string[], options: RunOptions];

/** What run() returned or threw. */
export interface Result {
  stdout: string;
  stderr: string;
  exitCode: number | null;
  oom: { kills: number } | null;
  code: string;
  message: string;
  errno: number;
  stage: string;
}

export const AS_USER: readonly string[] =
  process.getuid?.() === 0 ? ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'] : [];
const RUNS = [process.execPath, join(__dirname, '../fixtures/rootless/runs.js')];

async function results(command: readonly string[], attempts: readonly Attempt[]): Promise<Result[]> {
  const [file = '', ...args] = [...command, JSON.stringify(attempts)];
  const { stdout } = await promisify(execFile)(file, args, { env: { ...process.env, HOME: '/' }, timeout: 120_000 });
  return JSON.parse(stdout) as Result[];
}

/** The results of run(), called by a process of that user. */
export function runAsUser(attempts: readonly Attempt[]): Promise<Result[]> {
  return results([...AS_USER, ...RUNS], attempts);
}

/**
 * Like {@link runAsUser}, started by `command` of this process's own user, and `through` another command of that
 * user.
 */
export function runAfter(
  command: readonly string[],
  attempts: readonly Attempt[],
  through: readonly string[] = [],
): Promise<Result[]> {
  return results([...command, ...AS_USER, ...through, ...RUNS], attempts);
}

/** With these texts as /etc/subuid and /etc/subgid, in a separate mount namespace. Needs root. */
export async function runWithRanges(
  subuid: string,
  subgid: string,
  attempts: readonly Attempt[],
  through: readonly string[] = [],
): Promise<Result[]> {
  const directory = mkdtempSync(join(tmpdir(), 'memcage-ranges-'));
  const files = Object.entries({ subuid, subgid }).map(([name, text]) => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  });
  const script = 'mount --bind "$1" /etc/subuid && mount --bind "$2" /etc/subgid && shift 2 && exec "$@"';
  try {
    return await runAfter(
      ['unshare', '-m', '--propagation=private', 'sh', '-c', script, 'sh', ...files],
      attempts,
      through,
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Prints the maps as 'uid INSIDE OUTSIDE COUNT' and 'gid ...'. */
export const SHOW_MAPS =
  'for i in uid gid; do while read -r a b c; do echo $i $a $b $c; done < /proc/self/"$i"_map; done';

export const lines = (text: string): string[] => text.trimEnd().split('\n');
