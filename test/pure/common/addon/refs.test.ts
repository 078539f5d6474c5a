import { createRefs } from '../../../../lib/common/addon/watcher';

test('only the first holder and the last one reach the watcher', () => {
  const calls: boolean[] = [];
  const refs = createRefs({ setWatcherRef: ({ ref }) => calls.push(ref) });
  refs.acquire();
  refs.acquire();
  refs.release();
  expect(calls).toEqual([true]);
  refs.release();
  refs.acquire();
  expect(calls).toEqual([true, false, true]);
});
