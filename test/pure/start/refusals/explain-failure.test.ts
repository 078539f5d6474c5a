import { constants } from 'node:os';
import { ErrorCode, type MemcageError } from '../../../../lib/common/errors/errors';
import { resolveRoot } from '../../../../lib/process/root/resolve-root';
import { NO_SETTINGS } from '../../../../lib/process/settings/child-settings';
import { explainFailure } from '../../../../lib/start/refusals/explain-failure';
import type { Stage } from '../../../../types/native';
import type { NamespaceOptions } from '../../../../types/options';
import { testRows } from '../../../support/rows';

const { EACCES, EAGAIN, EDQUOT, EINVAL, ENOENT, EPERM } = constants.errno;

test.each<[Stage, number]>([
  ['clone', EACCES],
  ['cgroup', EACCES],
  ['cgroup', EPERM],
])('a child that may not join its cgroup is a matter of permission: %s, %i', (stage, errno) => {
  const failure = { stage, errno: -errno, path: '' };
  const context = { cgroup: undefined, namespaces: {}, root: undefined, settings: NO_SETTINGS, isLate: false };
  const { error, asNode } = explainFailure(failure, context);
  expect([error, asNode]).toEqual([expect.objectContaining({ code: ErrorCode.NO_PERMISSION }), false]);
});

test('a refused setting tells the system call that the kernel refused', () => {
  const context = { cgroup: undefined, namespaces: {}, root: undefined, settings: NO_SETTINGS, isLate: false };
  const failure = { stage: 'capabilities', errno: -EINVAL, path: 'PR_CAP_AMBIENT_RAISE', syscall: 'prctl' } as const;
  const { error } = explainFailure(failure, context);
  expect(error).toMatchObject({ code: ErrorCode.SETTING, syscall: 'prctl', path: 'PR_CAP_AMBIENT_RAISE' });
});

test('a refused session keyring tells whether it is for want of room', () => {
  const context = { cgroup: undefined, namespaces: {}, root: undefined, settings: NO_SETTINGS, isLate: false };
  const messageOf = (errno: number) =>
    explainFailure({ stage: 'session-keyring', errno: -errno, path: '', syscall: 'keyctl' }, context).error.message;
  expect(messageOf(EDQUOT)).toContain('Cure: sysctl kernel.keys.maxkeys=');
  expect(messageOf(EPERM)).toContain('forbids KEYCTL_JOIN_SESSION_KEYRING');
});

testRows<[stage: Stage, errno: number, path: string, option?: string]>(
  'the option that could not be met is told',
  [
    ['root-mount', EPERM, '/tmp', 'root.tmpfs[0]'],
    ['root-pivot', EPERM, '/', 'root.path'],
    ['cwd', ENOENT, '/job', 'cwd'],
    ['nice', EACCES, '', 'nice'],
    ['oom-score-adj', EACCES, '', 'oomScoreAdj'],
    ['rlimits', EPERM, 'nofile', 'rlimits.nofile'],
    ['capabilities', EPERM, 'capset', 'privileges.capabilities'],
    ['no-new-privs', EINVAL, '', 'privileges.noNewPrivileges'],
    ['seccomp', EINVAL, '', 'privileges.seccomp'],
    ['session-keyring', EPERM, ''],
    ['hostname', EINVAL, '', 'namespaces.uts.hostname'],
    ['id-maps', EPERM, '/usr/bin/newuidmap', 'namespaces.user.subordinate'],
    ['unshare', EINVAL, '', 'namespaces.net'],
    ['signals', EINVAL, ''],
  ],
  ([stage, errno, path, option]) => {
    const root = resolveRoot({ path: '/srv', tmpfs: ['/tmp'] }, 'spawn');
    const context = { namespaces: { net: true }, root, settings: NO_SETTINGS };
    const { error } = explainFailure({ stage, errno: -errno, path }, context);
    expect((error as MemcageError).option).toBe(option);
  },
);

test('of several kinds of namespaces none is at fault, but for that of the user', () => {
  const optionOf = (namespaces: NamespaceOptions) => {
    const { error } = explainFailure(
      { stage: 'clone', errno: -EPERM, path: '' },
      { namespaces, settings: NO_SETTINGS },
    );
    return (error as MemcageError).option;
  };
  expect(optionOf({ pid: true, mount: true })).toBeUndefined();
  expect(optionOf({ pid: true, user: true })).toBe('namespaces.user');
});

describe('a step after a filter that is installed early', () => {
  const settings = {
    ...NO_SETTINGS,
    rlimits: { nofile: { soft: 0, hard: 0 } },
    privileges: { noNewPrivileges: false, capabilities: 0n, seccomp: new Uint8Array(8) },
  };
  const context = { cgroup: undefined, namespaces: {}, root: undefined, settings, isLate: false };
  const late = { ...context, settings: { ...settings, privileges: { ...settings.privileges, noNewPrivileges: true } } };

  test.each<[Stage, string, string]>([
    ['bounding-set', 'PR_CAPBSET_DROP', 'prctl'],
    ['groups', '', 'setgroups'],
    ['gid', '', 'setgid'],
    ['uid', '', 'setuid'],
    ['capabilities', 'capset', 'capset'],
    ['parent-death', '', 'prctl'],
    ['rlimits', 'nofile', 'prlimit64'],
  ])('may be what the filter forbids: %s', (stage, path, syscall) => {
    const failure = { stage, errno: -EPERM, path, syscall };
    const { error, asNode } = explainFailure(failure, context);
    expect({ error, asNode }).toMatchObject({ error: { code: ErrorCode.SETTING, stage, syscall }, asNode: false });
    expect(error.message).toContain(
      `its seccomp filter, which with noNewPrivileges: false is there before, may forbid ${syscall}`,
    );
    expect(error.message).toContain(`Cure: let the filter allow ${syscall}`);
    expect(error).toHaveProperty('option');
    expect(explainFailure(failure, late).error.message).not.toContain('filter');
  });

  test.each<[Stage, number]>([
    ['cwd', ENOENT],
    ['nice', EPERM],
    ['uid', EAGAIN],
    ['exec', EACCES],
  ])('is no other one: %s, %i', (stage, errno) => {
    const { error } = explainFailure({ stage, errno: -errno, path: '' }, context);
    expect(error.message).not.toContain('filter');
  });
});
