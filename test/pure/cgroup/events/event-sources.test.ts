import { EventEmitter } from 'node:events';
import type { CgroupDirectory } from '../../../../lib/cgroup/directory/directory';
import { EventSources } from '../../../../lib/cgroup/events/event-sources';
import { refusal } from '../../../support/cgroups/cgroups-in-memory';
import { until } from '../../../support/until';

let mockChanged: (() => void) | undefined;

jest.mock('../../../../lib/cgroup/events/removal-watch', () => ({
  watchRemoval(_path: string, onChange: () => void) {
    mockChanged = onChange;
    return () => {};
  },
}));

test('a cgroup of v2 whose directory can’t be looked at is looked at again', async () => {
  const answers: (() => boolean)[] = [
    () => true,
    () => {
      throw refusal('ENOMEM', 'statx');
    },
    () => false,
  ];
  let removed = 0;
  const emitter = new EventEmitter().on('removed', () => {
    removed += 1;
  });
  const sources = new EventSources({
    version: 2,
    directory: {
      path: '/cg/c',
      isAtItsPath: () => answers.shift()?.() ?? false,
    } as Partial<CgroupDirectory> as CgroupDirectory,
    killCgroup: undefined,
    emitter,
    isForeign: true,
    hasMembers: () => false,
    onWatched: () => {},
    onOver: () => {},
  });
  sources.begin('removed');
  mockChanged?.();
  expect([answers.length, removed]).toEqual([1, 0]);
  await until('it is found to be removed', () => removed === 1);
});
