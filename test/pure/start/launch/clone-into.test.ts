import { constants } from 'node:os';
import type * as CloneInto from '../../../../lib/start/launch/clone-into';
import type { CloneResult } from '../../../../types/native';
import { testRows } from '../../../support/rows';

const { E2BIG, EAGAIN, ECANCELED, ENOSYS } = constants.errno;

function fresh(): typeof CloneInto {
  let module: typeof CloneInto | undefined;
  jest.isolateModules(() => {
    module = jest.requireActual<typeof CloneInto>('../../../../lib/start/launch/clone-into');
  });
  return module as typeof CloneInto;
}

function failed(stage: 'clone' | 'exec', errno: number): CloneResult {
  return { stage, errno: -errno, path: '' };
}

describe('CLONE_INTO_CGROUP', () => {
  let warn: jest.SpyInstance;
  beforeEach(() => {
    warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  });
  afterEach(() => warn.mockRestore());

  it.each([
    ['ENOSYS', ENOSYS],
    ['E2BIG', E2BIG],
  ])('is given up with %s, and a warning', (name, errno) => {
    const { canCloneInto, failsCloneInto } = fresh();

    expect(canCloneInto()).toBe(true);
    expect(failsCloneInto(failed('clone', errno))).toBe(true);
    expect(failsCloneInto(failed('clone', errno))).toBe(true);
    expect(canCloneInto()).toBe(false);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining(name), {
      type: 'MemcageWarning',
      code: 'MEMCAGE_NO_CLONE_INTO_CGROUP',
    });
  });

  it('is not used for a child that the kernel has killed before it ran', () => {
    const { canCloneInto, failsCloneInto } = fresh();

    expect(failsCloneInto(failed('clone', ECANCELED))).toBe(true);
    expect(canCloneInto()).toBe(true);
    expect(warn).not.toHaveBeenCalled();
  });

  testRows<[string, CloneResult]>(
    'is kept after what does not speak against it',
    [
      ['another errno', failed('clone', EAGAIN)],
      ['another stage', failed('exec', E2BIG)],
      ['success', { pid: 1, pidfd: 3 }],
    ],
    ([, result]) => {
      const { canCloneInto, failsCloneInto } = fresh();

      expect(failsCloneInto(result)).toBe(false);
      expect(canCloneInto()).toBe(true);
      expect(warn).not.toHaveBeenCalled();
    },
  );
});
