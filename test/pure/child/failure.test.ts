import { constants } from 'node:os';
import { explainFailure } from '../../../lib/child/failure';
import { NO_SETTINGS } from '../../../lib/child-settings/child-settings';
import { ErrorCode } from '../../../lib/errors/errors';
import type { Stage } from '../../../types/native';

const { EACCES, EINVAL, EMFILE, ENOENT, EPERM, EROFS } = constants.errno;

test.each<[Stage, number]>([
  ['clone', EACCES],
  ['cgroup', EACCES],
  ['cgroup', EPERM],
])('a child that may not join its cgroup is a matter of permission: %s, %i', (stage, errno) => {
  const failure = { stage, errno: -errno, path: '' };
  const context = { home: undefined, namespaces: {}, settings: NO_SETTINGS, isLate: false };
  const { error, asNode } = explainFailure(failure, context);
  expect([error, asNode]).toEqual([expect.objectContaining({ code: ErrorCode.NO_PERMISSION }), false]);
});

test.each<[Stage, number, string, string]>([
  ['capabilities', EPERM, 'capset', 'capset'],
  ['capabilities', EINVAL, 'PR_CAP_AMBIENT_RAISE', 'prctl'],
  ['bounding-set', EPERM, 'PR_CAPBSET_DROP', 'prctl'],
  ['oom-score-adj', EACCES, '/proc/self/oom_score_adj', 'write'],
  ['oom-score-adj', EINVAL, '/proc/self/oom_score_adj', 'write'],
  ['oom-score-adj', ENOENT, '/proc/self/oom_score_adj', 'openat'],
  ['oom-score-adj', EROFS, '/proc/self/oom_score_adj', 'openat'],
  ['oom-score-adj', EMFILE, '/proc/self/oom_score_adj', 'openat'],
])('a refused setting tells the system call that the kernel refused: %s, %i, %s', (stage, errno, path, syscall) => {
  const context = { home: undefined, namespaces: {}, settings: NO_SETTINGS, isLate: false };
  const { error } = explainFailure({ stage, errno: -errno, path }, context);
  expect(error).toMatchObject({ code: ErrorCode.SETTING, syscall, path });
});
