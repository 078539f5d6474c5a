import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { native } from 'memcage/native';
import { fixtureResult } from '../../support/fixture';
import { killAndFinish, startChild } from '../../support/native/native-child';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { thrown } from '../../support/thrown';

const { EINVAL } = constants.errno;
const CLONE_FILES = 0x400;
const CLONE_NEWTIME_AND_NET = native.constants.CLONE_NEWTIME | native.constants.CLONE_NEWNET;

const UNSAFE = { code: 'ERR_MEMCAGE_UNSAFE_THREAD' };

/** Names in /proc/<pid>/ns. */
const unsafeKinds = {
  mnt: native.constants.CLONE_NEWNS,
  pid: native.constants.CLONE_NEWPID,
  time: native.constants.CLONE_NEWTIME,
  user: native.constants.CLONE_NEWUSER,
};

const namespaces = (): string[] =>
  readdirSync('/proc/thread-self/ns').map((name) => readlinkSync(`/proc/thread-self/ns/${name}`));

describe('what would break a Node thread', () => {
  const before = namespaces();
  afterEach(() => expect(namespaces()).toEqual(before));

  testRows(
    'unshare refuses it',
    [
      ...Object.entries(unsafeKinds),
      ['fs', native.constants.CLONE_FS] as const,
      ['files', CLONE_FILES] as const,
      ['one unsafe kind among others', CLONE_NEWTIME_AND_NET] as const,
    ],
    ([, flags]) => {
      expect(thrown(() => native.unshare({ flags }))).toMatchObject(UNSAFE);
    },
  );

  testRows('setns refuses it, named or not', Object.entries(unsafeKinds), ([kind, flags]) => {
    const fd = openSync(`/proc/self/ns/${kind}`, 'r');
    expect(thrown(() => native.setns({ fd, flags }))).toMatchObject(UNSAFE);
    expect(thrown(() => native.setns({ fd, flags: 0 }))).toMatchObject(UNSAFE);
    closeSync(fd);
  });

  test('setns refuses the unsafe kinds of a pidfd', () => {
    const child = startChild({ file: '/bin/sleep', args: ['sleep', '60'] });
    expect(thrown(() => native.setns({ fd: child.pidfd, flags: CLONE_NEWTIME_AND_NET }))).toMatchObject(UNSAFE);
    killAndFinish(child);
  });

  test("setns passes on the kernel's refusal", () => {
    const fd = openSync('/dev/null', 'r');
    expect(thrown(() => native.setns({ fd, flags: 0 }))).toMatchObject({ syscall: 'setns', code: 'ENOTTY' });
    expect(thrown(() => native.setns({ fd, flags: native.constants.CLONE_NEWNET }))).toMatchObject({
      syscall: 'setns',
      code: 'EINVAL',
      errno: -EINVAL,
    });
    closeSync(fd);
    expect(thrown(() => native.setns({ fd: 999, flags: 0 }))).toMatchObject({ syscall: 'setns', code: 'EBADF' });
  });
});

describeIf('root', 'unshare and setns of the calling thread', () => {
  test('change that kind, of that thread; asynchronous fs calls work on', async () => {
    const there = (kind: string): unknown => ({ apart: [kind], back: [], reads: true });
    expect(await fixtureResult('native/thread-namespaces.js')).toEqual({
      cgroup: there('cgroup'),
      ipc: there('ipc'),
      net: there('net'),
      uts: there('uts'),
      all: { apart: ['cgroup', 'ipc', 'net', 'uts'], reads: true },
      main: [],
      mainReads: true,
    });
  });
});
