import { setTimeout as sleep } from 'node:timers/promises';

/** The first result whose kills the kernel has logged. It logs only ten in five seconds on the whole machine. */
export async function logged<T>(attempt: () => Promise<T>, isLogged: (result: T) => boolean): Promise<T> {
  for (let left = 12; ; left -= 1) {
    const result = await attempt();
    if (isLogged(result) || left === 0) return result;
    await sleep(1000);
  }
}
