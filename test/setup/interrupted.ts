import { removeTestCgroups } from './leak-check';

/** An interrupted run has no teardown, and its tests no afterAll(): without this their cgroups would stay. */
export function removeWhenInterrupted(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void removeTestCgroups().finally(() => process.kill(process.pid, signal));
    });
  }
}
