import { Killing, type Pidfds, signal } from '../../../../lib/cage/polling/sampling/killing';
import { type FakeProcess, lookAt } from '../../../support/processes/fake-processes';

const NAMES: Record<number, string> = { 9: 'kill', 19: 'stop' };

/** Pidfds that have the number of the process, and note what is done. */
function fakePidfds(refused: readonly number[] = []) {
  const done: string[] = [];
  const pidfds: Pidfds = {
    pidfdOpen: ({ pid }) => pid,
    pidfdSendSignal({ pidfd, signal: number }) {
      if (refused.includes(pidfd)) throw Object.assign(new Error('refused'), { code: 'EPERM' });
      done.push(`${NAMES[number]} ${pidfd}`);
    },
    closeFd: () => {},
  };
  return { done, pidfds };
}

/** Rounds with what each look finds, until the end; returns the pauses. */
async function rounds(killing: Killing, ...looks: FakeProcess[][]): Promise<(number | null)[]> {
  const pauses: (number | null)[] = [];
  for (const processes of looks) {
    const look = lookAt(processes);
    pauses.push(await killing.round(look.fresh, look));
  }
  return pauses;
}

test('all are stopped before the first is killed, also those that came meanwhile', async () => {
  const { done, pidfds } = fakePidfds();
  const found: number[][] = [];
  const onFound = (processes: readonly { pid: number }[]) => {
    found.push(processes.map(({ pid }) => pid));
    done.push('found');
  };
  const killing = new Killing({ pidfds, startTolerance: 0, canStop: true, onFound });
  const two = [{ pid: 10 }, { pid: 11 }];
  const pauses = await rounds(killing, [{ pid: 10 }], two, two, [{ pid: 11 }], []);
  expect(done).toEqual(['stop 10', 'stop 11', 'found', 'kill 10', 'kill 11', 'kill 11']);
  expect(found).toEqual([[10, 11]]);
  expect(pauses).toEqual([0, 0, 1, 2, null]);
});

test('who comes while the others are killed is a victim too', async () => {
  const { pidfds } = fakePidfds();
  const found: number[][] = [];
  const onFound = (processes: readonly { pid: number }[]) => {
    found.push(processes.map(({ pid }) => pid));
  };
  const killing = new Killing({ pidfds, startTolerance: 0, canStop: false, onFound });
  await rounds(killing, [{ pid: 10 }], [{ pid: 10 }, { pid: 11 }], [{ pid: 11 }], []);
  expect(found).toEqual([[10], [11]]);
});

test('a tree that never stops growing is killed nevertheless', async () => {
  const { done, pidfds } = fakePidfds();
  const killing = new Killing({ pidfds, startTolerance: 0, canStop: true, onFound: () => {} });
  for (let pid = 100; pid < 120; pid += 1) await rounds(killing, [{ pid }]);
  expect(done.at(-1)).toBe('kill 119');
});

test('without SIGSTOP, killed at once', async () => {
  const { done, pidfds } = fakePidfds();
  const killing = new Killing({ pidfds, startTolerance: 0, canStop: false, onFound: () => {} });
  expect(await rounds(killing, [{ pid: 10 }], [])).toEqual([1, null]);
  expect(done).toEqual(['kill 10']);
});

test('who may not be killed keeps nobody waiting, and is no victim', async () => {
  const { done, pidfds } = fakePidfds([11]);
  const found: number[] = [];
  const onFound = (processes: readonly { pid: number }[]) => {
    found.push(...processes.map(({ pid }) => pid));
  };
  const killing = new Killing({ pidfds, startTolerance: 0, canStop: true, onFound });
  const two = [{ pid: 10 }, { pid: 11 }];
  expect(await rounds(killing, two, two, [{ pid: 11 }])).toEqual([0, 1, null]);
  expect(found).toEqual([10]);
  expect(done).toEqual(['stop 10', 'kill 10']);
});

describe('a signal', () => {
  const [target] = lookAt([{ pid: 10, start: 100 }]).fresh;
  if (target === undefined) throw new Error('there is no process to signal');

  test('reaches the process', () => {
    const { done, pidfds } = fakePidfds();
    expect(signal(target, 'SIGKILL', lookAt([{ pid: 10, start: 100 }]), 0, pidfds)).toBe('sent');
    expect(done).toEqual(['kill 10']);
  });

  test('never reaches another that has got the pid, by pidfd', () => {
    const { done, pidfds } = fakePidfds();
    expect(signal(target, 'SIGKILL', lookAt([{ pid: 10, start: 101 }]), 0, pidfds)).toBe('gone');
    expect(done).toEqual([]);
  });

  test('nor by pid', () => {
    const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
    try {
      expect(signal(target, 'SIGKILL', lookAt([{ pid: 10, start: 101 }]), 0, undefined)).toBe('gone');
      expect(kill).not.toHaveBeenCalled();
      expect(signal(target, 'SIGKILL', lookAt([{ pid: 10, start: 100 }]), 0, undefined)).toBe('sent');
      expect(kill).toHaveBeenCalledWith(10, 'SIGKILL');
    } finally {
      kill.mockRestore();
    }
  });
});
