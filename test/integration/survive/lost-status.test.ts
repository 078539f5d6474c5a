import { constants } from 'node:os';
import { fixtureResult } from '../../support/fixture';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(30_000));

const { EACCES, EINVAL, ENOSYS } = constants.errno;

describeIf(['cgroup', 'seccomp'], 'an end that waitid does not tell', () => {
  // EINVAL: Linux before 5.4. EACCES: a security module.
  test.each([
    ['ENOSYS', ENOSYS, { name: 'MemcageError', code: 'ERR_MEMCAGE_UNSUPPORTED' }],
    ['EINVAL', EINVAL, { name: 'MemcageError', code: 'ERR_MEMCAGE_UNSUPPORTED' }],
    ['EACCES', EACCES, { name: 'Error', code: 'EACCES' }],
  ])('(%s) is an error, not an exit', async (_, errno, kind) => {
    const error = { ...kind, errno: -errno, syscall: 'waitid' };
    const lost = { exitCode: null, signal: null, error };
    expect(await fixtureResult('lost-status.js', errno)).toEqual({
      spawn: lost,
      run: { ...error, name: kind.name === 'Error' ? 'Error' : 'RunError', outcome: lost },
      spawnSync: lost,
    });
  });
});
