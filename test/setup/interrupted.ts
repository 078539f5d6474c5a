import { removeTestCgroups } from './leak-check';

/**
 * An interrupted run has no teardown, and its tests no afterAll(): without this their cgroups would stay. A listener has
 * to be there until they are gone: a package that Jest uses ends the process at once where it finds only its own.
 */
export function removeWhenInterrupted(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    let isFirst = true;
    process.on(signal, () => {
      if (!isFirst) return;
      isFirst = false;
      void removeTestCgroups().finally(() => {
        process.removeAllListeners(signal);
        process.kill(process.pid, signal);
      });
    });
  }
}
