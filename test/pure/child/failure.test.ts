import { constants } from 'node:os';
import { explainFailure } from '../../../lib/child/failure';
import { NO_SETTINGS } from '../../../lib/child-settings/child-settings';
import { ErrorCode } from '../../../lib/errors/errors';
import type { Stage } from '../../../types/native';

const { EACCES, EPERM } = constants.errno;

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
