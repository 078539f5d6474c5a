import { RetriedLook } from '../../../../lib/cgroup/events/retried-look';
import { ErrorCode, MemcageError } from '../../../../lib/common/errors/errors';
import { refusal } from '../../../support/cgroups/cgroups-in-memory';

const mockWaiting = new Set<() => void>();

jest.mock('../../../../lib/common/event-loop/timers', () => ({
  ...jest.requireActual<object>('../../../../lib/common/event-loop/timers'),
  later(callback: () => void) {
    mockWaiting.add(callback);
    return { unref: () => callback };
  },
  cancel(callback: () => void) {
    mockWaiting.delete(callback);
  },
}));

function passTime(): void {
  const due = [...mockWaiting];
  mockWaiting.clear();
  for (const callback of due) callback();
}

/** Looks that throw these, one after the other. */
function lookThat(...errors: Error[]): { told: RetriedLook; made: [number, boolean][] } {
  const made: [number, boolean][] = [];
  const told = new RetriedLook((timeMs, isTold) => {
    const error = errors[made.length];
    made.push([timeMs, isTold]);
    if (error !== undefined) throw error;
  });
  return { told, made };
}

describe('a look that the kernel asked for', () => {
  afterEach(() => mockWaiting.clear());

  test('is made again until it is not refused, for the time at which the kernel told', () => {
    const { told, made } = lookThat(
      refusal('ENOMEM', 'read'),
      new MemcageError(ErrorCode.NO_PERMISSION, "Can't read", { errno: -1, syscall: 'read' }),
    );
    told.begin(7, true);
    for (let i = 0; i < 5; i += 1) passTime();
    expect(made).toEqual([
      [7, true],
      [7, false],
      [7, false],
    ]);
  });

  test('waits once, however often the kernel tells meanwhile', () => {
    const { told, made } = lookThat(refusal('ENOMEM', 'read'), refusal('ENOMEM', 'read'), refusal('ENOMEM', 'read'));
    for (const timeMs of [1, 2, 3]) told.begin(timeMs, true);
    passTime();
    passTime();
    expect(made).toHaveLength(4);
  });

  test('is not made again when nobody wants to know any more', () => {
    const { told, made } = lookThat(refusal('ENOMEM', 'read'));
    told.begin(1, true);
    told.end();
    passTime();
    told.begin(2, true);
    expect(made).toHaveLength(1);
  });

  test.each([
    new TypeError('not a function'),
    new MemcageError(ErrorCode.NO_CGROUP, 'gone', { errno: -19, syscall: 'read' }),
  ])('leaves to its caller what no later look would change: %p', (error) => {
    const { told, made } = lookThat(error);
    expect(() => told.begin(1, true)).toThrow(error);
    passTime();
    expect(made).toHaveLength(1);
  });
});
