import { emptyGroup, UnmeasuredGroup } from '../../../lib/cage/polled-group';
import { ErrorCode } from '../../../lib/common/errors/errors';

describe('to empty a group', () => {
  test('whose processes do not end is busy', async () => {
    const group = Object.assign(new UnmeasuredGroup(), { killAll: () => Promise.resolve(false) });
    await expect(emptyGroup(group)).rejects.toMatchObject({ code: ErrorCode.BUSY });
  });

  test('that is not measured kills what was added, and waits until it is reaped', async () => {
    const group = new UnmeasuredGroup();
    const killed: number[] = [];
    for (const pid of [10, 11]) group.add(pid, () => killed.push(pid));
    group.forget(10);
    let isOver = false;
    const emptied = emptyGroup(group).then(() => {
      isOver = true;
    });
    expect(killed).toEqual([11]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    group.forget(11);
    await emptied;
  });
});
