import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from 'memcage';
import { version } from './cgroups/cgroup-tree';

/** The first result whose kills the kernel has logged. It logs only ten in five seconds on the whole machine. */
export async function logged<T>(attempt: () => Promise<T>, isLogged: (result: T) => boolean): Promise<T> {
  for (let left = 12; ; left -= 1) {
    const result = await attempt();
    if (isLogged(result) || left === 0) return result;
    await sleep(1000);
  }
}

/**
 * Of a child that had cgroups below its own. On v1 the kernel may log so few of the kills elsewhere that one in them can't
 * be ruled out.
 */
export function expectNoKill({ oom }: Pick<Outcome<null>, 'oom'>): void {
  if (version === 2 || oom === null) expect(oom).toBeNull();
  else expect(oom).toMatchObject({ cause: 'unknown', kills: 0 });
}
