import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { native, type WatchEvent } from 'memcage/native';
import { isRunning } from '../processes/is-running';

/** For the tests of meters. After each test its children are killed, and then its steps are undone, the last one first. */
export function metered() {
  const undo: (() => void)[] = [];
  const children: ChildProcess[] = [];
  const reached: Extract<WatchEvent, { kind: 'reached' }>[] = [];
  /** The meters of the test. The event of another one's may still be on its way. */
  const ours = new Set<number>();

  beforeEach(() => {
    reached.length = 0;
    ours.clear();
    native.startWatcher({
      onEvents: (batch) => {
        reached.push(...batch.filter((event) => event.kind === 'reached').filter(({ id }) => ours.has(id)));
      },
    });
  });

  afterEach(async () => {
    for (const child of children.splice(0).filter(isRunning)) {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }
    for (const step of undo.splice(0).reverse()) step();
  });

  return { undo, children, reached, ours };
}
