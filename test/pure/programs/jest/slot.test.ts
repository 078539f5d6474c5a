import { type FileRun, Slot, type SlotParts } from '../../../../lib/programs/jest/slot';
import type { SharedTotal } from '../../../../lib/programs/test-runners/shared-total';
import type { TestWorker } from '../../../../lib/programs/test-runners/test-worker';

test('a worker that there was room for as the run was interrupted is given back, and runs nothing', async () => {
  const interrupt = new AbortController();
  const end = jest.fn<Promise<void>, []>(async () => {});
  const worker: Pick<TestWorker, 'end'> = { end };
  const total: Pick<SharedTotal, 'worker'> = {
    worker: async () => {
      interrupt.abort(new Error('The run was interrupted'));
      return worker as TestWorker;
    },
  };
  const parts: Pick<SlotParts, 'total' | 'signal'> = { total: total as SharedTotal, signal: interrupt.signal };
  const onStart = jest.fn<Promise<void>, []>(async () => {});
  const run = new Slot(1, parts as SlotParts).run({ onStart } as Partial<FileRun> as FileRun);
  await expect(run).rejects.toThrow('The run was interrupted');
  expect([end.mock.calls.length, onStart.mock.calls.length]).toEqual([1, 0]);
});
