import { readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 40_000;

/**
 * Removes a cgroup with all cgroups below it from every hierarchy: runtimes make theirs in each, and leave the
 * ancestors of a container's cgroup behind.
 *
 * @param name of a cgroup directly below the roots, whose processes have ended or are about to
 */
export async function removeEverywhere(name: string): Promise<void> {
  const mountPoints = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(' ')[4] ?? '');
  const deadline = Date.now() + PATIENCE_MS;
  for (const mountPoint of mountPoints) {
    while (!removeTree(join(mountPoint, name))) {
      if (Date.now() > deadline) throw new Error(`${join(mountPoint, name)} can't be removed`);
      await sleep(50);
    }
  }
}

function removeTree(path: string): boolean {
  try {
    const below = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    if (!below.every((entry) => removeTree(join(path, entry.name)))) return false;
    rmdirSync(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return true;
    if (code === 'EBUSY') return false;
    throw error;
  }
}
