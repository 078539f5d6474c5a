import { lostController } from '../../../../lib/cgroup/directory/refused-file';
import { ErrorCode, MemcageError } from '../../../../lib/common/errors/errors';
import { testRows } from '../../../support/rows';

const refusal = (code: string): Error => Object.assign(new Error(code), { code, errno: -19, syscall: 'pread' });

/** A cgroup with these controllers, and a new file or none. */
interface Now {
  /** `null`: the cgroup was removed. Undefined: it is of v1. */
  controllers: string | null | undefined;
  hasFile?: boolean;
  file?: string;
  code?: string;
}

function lost({
  controllers,
  hasFile = false,
  file = 'memory.events',
  code = 'ENODEV',
}: Now): MemcageError | undefined {
  const unlessRemoved = <T>(value: T): T => {
    if (controllers === null) throw new MemcageError(ErrorCode.NO_CGROUP, 'it was removed');
    return value;
  };
  const directory = {
    path: '/c',
    has: () => unlessRemoved(hasFile),
    readIfPresent: () => unlessRemoved(controllers ?? undefined),
  };
  return lostController(directory, file, refusal(code));
}

describe('an open file of the memory controller that is refused', () => {
  testRows(
    'is lost',
    [
      ['its cgroup has no such controller', { controllers: 'cpu pids\n' }],
      [
        'another file is in its place, since the controller was enabled again',
        { controllers: 'memory\n', hasFile: true },
      ],
    ] as const,
    ([, now]) =>
      expect(lost(now)).toMatchObject({ code: ErrorCode.NO_CONTROLLER, path: '/c/memory.events', syscall: 'pread' }),
  );

  testRows(
    'is not',
    [
      ['the cgroup was removed', { controllers: null }],
      ['the cgroup is just being removed', { controllers: 'memory\n' }],
      ['it is of v1', { controllers: undefined }],
      ['the kernel is short of memory', { controllers: 'pids\n', code: 'ENOMEM' }],
      ['it is a file of no controller', { controllers: 'pids\n', file: 'cgroup.events' }],
    ] as const,
    ([, now]) => expect(lost(now)).toBeUndefined(),
  );
});
