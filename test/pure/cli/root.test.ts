import { rootOf } from '../../../lib/cli/commands/run/root';
import { UsageError } from '../../../lib/cli/parse';
import { testRows } from '../../support/rows';
import { thrown } from '../../support/thrown';

test('the options of memcage run as the option root', () => {
  expect(rootOf({})).toBeUndefined();
  expect(
    rootOf({
      root: '/srv/root',
      'read-only': true,
      bind: ['.:/work', '/a:b:/c:ro', '/x:/y:rw'],
      tmpfs: ['/tmp', '/run:16M'],
      hide: ['/etc'],
    }),
  ).toEqual({
    path: '/srv/root',
    readOnly: true,
    binds: [
      { from: '.', to: '/work', readOnly: false },
      { from: '/a:b', to: '/c', readOnly: true },
      { from: '/x', to: '/y', readOnly: false },
    ],
    tmpfs: [{ path: '/tmp' }, { path: '/run', size: '16M' }],
    hide: ['/etc'],
  });
});

testRows(
  'wrong words, by the name of the option',
  [
    [{ bind: ['/data'] }, /^--bind is FROM:TO or FROM:TO:ro.*'\/data'$/],
    [{ bind: ['/data:work'] }, /^--bind is FROM:TO/],
    [{ bind: ['/data:/work:rx'] }, /^--bind is FROM:TO/],
    [{ bind: ['/a:/x', '/b:/x'] }, /for --bind \/b:\/x but/],
    [{ bind: ['/a:/'] }, /--root is the directory that becomes \/.* for --bind \/a:\/ but/],
    [{ tmpfs: ['tmp'] }, /^--tmpfs is PATH or PATH:SIZE/],
    [{ tmpfs: ['/tmp:much'] }, /for --tmpfs \/tmp:much but/],
    [{ root: '/r', tmpfs: ['/'] }, /--root already says.* for --tmpfs \/ but/],
    [{ hide: ['etc'] }, /for --hide etc but/],
    [{ root: '' }, /for --root but/],
  ],
  ([values, message]) => {
    const error = thrown(() => rootOf(values));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toMatch(message);
  },
);
