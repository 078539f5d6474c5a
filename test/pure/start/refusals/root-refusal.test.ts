import { constants } from 'node:os';
import type { NamespaceFacts } from '../../../../lib/process/namespaces/namespace-facts';
import { resolveRoot } from '../../../../lib/process/root/resolve-root';
import { NO_SETTINGS } from '../../../../lib/process/settings/child-settings';
import { explainFailure } from '../../../../lib/start/refusals/explain-failure';
import { startError } from '../../../../lib/start/refusals/explanation';
import { whyNoRoot } from '../../../../lib/start/refusals/foreseen-refusal';
import { explainRoot, type RootStage } from '../../../../lib/start/refusals/root-refusal';
import { NO_FACTS } from '../../../support/roots/namespace-facts';
import { testRows } from '../../../support/rows';

const { EACCES, EBUSY, EINVAL, ELOOP, EMFILE, ENOENT, ENOSPC, ENOSYS, ENOTDIR, EPERM } = constants.errno;

const OPTION = {
  path: '/srv/root',
  binds: [
    { source: '/data', target: '/job' },
    { source: '/usr/lib', target: '/lib' },
  ],
  tmpfs: ['/tmp'],
  hide: ['/etc/shadow'],
};

function explain(
  stage: RootStage,
  errno: number,
  path: string,
  { facts = {}, option = OPTION as unknown, syscall = 'mount' } = {},
) {
  const root = resolveRoot(option, 'spawn');
  if (root === undefined) throw new Error('no root');
  const failure = { stage, errno: -errno, path, syscall };
  return startError(failure, explainRoot(failure, root, { ...NO_FACTS, ...facts }));
}

testRows<[RootStage, number, string, RegExp]>(
  'each failure names its mount, why, and the cure',
  [
    [
      'root',
      ENOENT,
      '/srv/root',
      /^root\.path: \/srv\/root could not be taken .*\(ENOENT\): there is no \/srv\/root\. Cure: make it/,
    ],
    ['root', ENOTDIR, '/srv/root', /root\.path.* is not a directory.*Cure: name a directory/],
    ['root', EACCES, '/srv/root', /this user may not search one of .* above \/srv\/root\. Cure: give it/],
    ['root-target', EACCES, '/job', /^root\.binds\[0\]: .*may not search one of .* above \/job\. Cure: give it/],
    [
      'root-hide',
      EACCES,
      '/etc/shadow',
      /^root\.hide\[0\]: .*above \/etc\/shadow\. Cure: leave it out: the child can't/,
    ],
    ['root-mount', EACCES, '/job', /security module.*Cure: .*CAP_SYS_ADMIN/],
    ['root-source', ENOTDIR, '/data', /something on the way to \/data is not a directory\. Cure: name a file or a dir/],
    [
      'root-source',
      ENOENT,
      '/usr/lib',
      /^root\.binds\[1\]: \/usr\/lib on \/lib could not be opened \(ENOENT\): there is no \/usr\/lib/,
    ],
    ['root-source', EINVAL, '/data', /^root\.binds\[0\]: .*--make-unbindable/],
    [
      'root-target',
      ENOENT,
      '/job',
      /^root\.binds\[0\]: \/data on \/job .*there is no \/job in the root\. Cure: mkdir -p \/srv\/root\/job .*tmpfs/,
    ],
    ['root-target', ELOOP, '/job', /^root\.binds\[0\]: .*symbolic links/],
    ['root-target', ENOENT, '/tmp', /^root\.tmpfs\[0\]: \/tmp .*mkdir -p \/srv\/root\/tmp/],
    [
      'root-mount',
      ENOTDIR,
      '/lib',
      /^root\.binds\[1\]: .*one of \/usr\/lib and \/lib in the root is a directory.*Cure: .*touch \/srv\/root\/lib/,
    ],
    ['root-mount', ENOTDIR, '/tmp', /^root\.tmpfs\[0\]: .*\/tmp in the root is not a directory/],
    ['root-mount', ENOSPC, '/job', /^root\.binds\[0\]: .*fs\.mount-max/],
    ['root-read-only', EPERM, '/lib', /^root\.binds\[1\]: .*could not be made read-only/],
    ['root-read-only', EPERM, '', /^root\.path: \/srv\/root could not be made read-only/],
    [
      'root-proc',
      ENOENT,
      '/proc',
      /^\/proc of root\.path: \/srv\/root .*there is no \/proc in the root\. Cure: mkdir -p \/srv\/root\/proc/,
    ],
    ['root-proc', EPERM, '/proc', /hide parts of the one outside.*systempaths=unconfined/],
    ['root-dev', ENOENT, '/dev', /^\/dev of root\.path.*Cure: mkdir -p \/srv\/root\/dev/],
    ['root-dev', ENOENT, '/dev/tty', /^\/dev\/tty of root\.path.*this machine shows no \/dev\/tty/],
    ['root-proc', EPERM, '/proc/sys', /^\/proc\/sys of root\.path: \/srv\/root could not be mounted .*CAP_SYS_ADMIN/],
    ['root-proc', ENOENT, '/proc/kcore', /shows no \/dev\/null/],
    ['root-hide', ENOSPC, '/etc/shadow', /^root\.hide\[0\]: \/etc\/shadow could not be hidden/],
    ['root-hide', ENOENT, '/etc/shadow', /shows no \/dev\/null/],
    [
      'root-target',
      EBUSY,
      '/job',
      /^root\.binds\[0\]: .*leads to \/ itself, or .*another entry.*Cure: .*without symbolic links/,
    ],
    ['root-proc', EBUSY, '/proc', /^\/proc of root\.path: .*another entry/],
    ['root-pivot', EINVAL, '/', /initramfs.*Cure: .*switch_root/],
    ['root-pivot', ENOENT, '/proc/self/ns/mnt', /itself in \/proc.*Cure: mount/],
  ],
  ([stage, errno, path, text]) => {
    const error = explain(stage, errno, path);
    expect(error.message).toMatch(text);
    expect(error).toMatchObject({ code: 'ERR_MEMCAGE_MOUNT', stage, errno: -errno });
    expect(error.message.endsWith(`Cure: ${error.cure}`)).toBe(true);
  },
);

testRows<[RootStage, string, string]>(
  'a missing system call names the Linux that brought it',
  [
    ['root', 'openat2', 'openat2 is missing (this Linux is older than 5.6, or'],
    ['root-mount', 'move_mount', 'move_mount is missing (this Linux is older than 5.2, or'],
    ['root-target', 'openat2', 'openat2 is missing (this Linux is older than 5.6, or'],
    ['root-read-only', 'mount_setattr', 'mount_setattr is missing (this Linux is older than 5.12, or'],
    ['root-pivot', 'fchdir', 'fchdir is missing (a seccomp filter hides it). Cure: a process without such a filter'],
  ],
  ([stage, syscall, text]) => {
    const error = explain(stage, ENOSYS, '', { syscall });
    expect(error).toMatchObject({ code: 'ERR_MEMCAGE_UNSUPPORTED', syscall });
    expect(error.message).toContain(text);
  },
);

testRows<[Partial<NamespaceFacts>, string, RootStage?]>(
  'a denial depends on what is known of the machine',
  [
    [{ apparmorRestricts: true }, 'kernel.apparmor_restrict_unprivileged_userns=0'],
    [{ apparmorRestricts: true, isPrivileged: true, hasSeccompFilter: true }, 'seccomp=unconfined'],
    [{}, 'CAP_SYS_ADMIN'],
    [{}, 'CAP_SYS_ADMIN', 'root-pivot'],
    [{ isPrivileged: true }, 'give it CAP_SYS_CHROOT', 'root-pivot'],
  ],
  ([facts, text, stage = 'root-mount']) => {
    expect(explain(stage, EPERM, '/job', { facts }).cure).toContain(text);
  },
);

test('without a path the cure names the path inside', () => {
  const option = { binds: [{ source: '/a', target: '/b' }] };
  expect(explain('root-target', ENOENT, '/b', { option }).cure).toMatch(/^mkdir -p \/b /);
});

test('a shortage is an error as of any spawn', () => {
  const context = { cgroup: undefined, namespaces: {}, settings: NO_SETTINGS, isLate: false };
  const root = resolveRoot(OPTION, 'spawn');
  const failure = { stage: 'root-mount', errno: -EMFILE, path: '/job', syscall: 'fsopen' } as const;
  expect(explainFailure(failure, { ...context, root })).toMatchObject({ asNode: true, error: { code: 'EMFILE' } });
  expect(explainFailure({ ...failure, errno: -EPERM }, { ...context, root })).toMatchObject({
    asNode: false,
    error: { code: 'ERR_MEMCAGE_MOUNT', syscall: 'fsopen' },
  });
});

test('an init that finds no /proc says what may cover it', () => {
  const context = { cgroup: undefined, namespaces: {}, settings: NO_SETTINGS, isLate: false };
  const failure = { stage: 'init', errno: -ENOENT, path: '/proc/self/exe' } as const;
  const { error, asNode } = explainFailure(failure, { ...context, root: resolveRoot({}, 'spawn') });
  expect(asNode).toBe(false);
  expect(error).toMatchObject({ code: 'ERR_MEMCAGE_MOUNT', stage: 'init' });
  expect(error.message).toMatch(
    /^The init finds no \/proc in root \(ENOENT, \/proc\/self\/exe\).*symbolic link.*pid: true/,
  );
  for (const other of [
    { failure, root: undefined },
    { failure: { ...failure, errno: -EPERM }, root: resolveRoot({}, 'spawn') },
  ]) {
    expect(explainFailure(other.failure, { ...context, root: other.root }).error).toMatchObject({
      code: 'ERR_MEMCAGE_SPAWN',
    });
  }
});

test('a working directory that is not inside is told from a missing program', () => {
  const context = { cgroup: undefined, namespaces: {}, settings: NO_SETTINGS, isLate: false };
  const failure = { stage: 'cwd', errno: -ENOENT, path: '/job' } as const;
  const { error, asNode } = explainFailure(failure, { ...context, root: resolveRoot({}, 'spawn') });
  expect(asNode).toBe(false);
  expect(error.message).toMatch(/^The child can't begin in \/job \(ENOENT\).*Cure: the option cwd/);
  expect(explainFailure(failure, { ...context, root: undefined }).asNode).toBe(true);
});

testRows(
  'what a start would find is foreseen',
  [
    [{ path: '/' }, '5.5.0-generic', 'openat2 is missing'],
    [{ readOnly: true }, '5.11.22', 'mount_setattr is missing'],
    [{ binds: [{ source: '/', target: '/mnt', readOnly: true }] }, '5.11.22', 'mount_setattr is missing'],
    [{ path: '/nonexistent/root' }, '6.1.0', 'there is no /nonexistent/root'],
    [{ path: __filename }, '6.1.0', 'is not a directory'],
    [{ binds: [{ source: '/nonexistent/data', target: '/mnt' }] }, '6.1.0', 'root.binds[0]: /nonexistent/data on /mnt'],
    [{ binds: [{ source: '/', target: '/mnt' }] }, '5.6.0', undefined],
    [{ path: '/', readOnly: true, tmpfs: ['/tmp'] }, '5.12.0', undefined],
  ],
  ([option, kernel, text]) => {
    const error = whyNoRoot(resolveRoot(option, 'spawn'), kernel);
    if (text === undefined) expect(error).toBeNull();
    else expect(error?.message).toContain(text);
  },
);
