import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadNative } from '../../../lib/common/addon/load-native';
import type * as Watching from '../../../lib/common/addon/watcher';
import { patience } from '../../support/patience';
import { until } from '../../support/until';

/** A copy of the module, with its own watcher. The addon is the same. */
function copy(): Watching.Watcher {
  let watch: Watching.Watcher | undefined;
  jest.isolateModules(() => {
    watch = jest.requireActual<typeof Watching>('../../../lib/common/addon/watcher').watcher();
  });
  return watch as Watching.Watcher;
}

test('what another copy of the module has watched is not taken for what this one watches', async () => {
  const native = loadNative();
  const fds = [native.eventfdOpen(), native.eventfdOpen()] as const;
  const signal = (fd: number): void => void writeSync(fd, new BigUint64Array([1n]));
  const told: string[] = [];
  const ends = fds.map((fd, index) => copy().event(fd, 'event', () => told.push(`by copy ${index}`)));
  signal(fds[0]);
  // Events come in order.
  signal(fds[1]);
  await until('told', () => told.length > 0);
  await sleep(patience(50));
  expect(told).toEqual(['by copy 1']);
  for (const end of ends) end();
  for (const fd of fds) native.closeFd({ fd });
});
