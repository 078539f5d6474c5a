import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { native } from 'memcage/native';
import { makeCgroup } from '../../support/cgroups/cgroup-tree';
import { fixtureResult } from '../../support/fixture';
import { cloneTwice, failedAt, RAN, twice } from '../../support/native/clone-fixture';
import type { FaultRule } from '../../support/native/faults';
import { shell, temporaryDirectory } from '../../support/native/native-child';
import { STARTER, WAYS } from '../../support/native/starter';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';

const { E2BIG, EACCES, EINVAL, ENOSYS, EPERM } = constants.errno;
const { CLONE_NEWIPC, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWTIME, CLONE_NEWUTS } = native.constants;

const masked = (syscall: string): FaultRule => ({ syscall, errno: ENOSYS });

interface CallResult {
  value?: unknown;
  error?: { code: string; errno: number; syscall: string; path?: string };
}

function callAll(rules: FaultRule[], calls: [name: string, options: Record<string, unknown>][]): Promise<CallResult[]> {
  return fixtureResult('native/call.js', { rules, calls });
}

describeIf('seccomp', 'without clone3', () => {
  test.each(WAYS)('clone starts children, $how', async ({ way }) => {
    expect(await cloneTwice({ rules: [masked('clone3')], options: way })).toEqual(twice(RAN));
  });

  test.each(WAYS)('clone reports what fails, $how', async ({ way }) => {
    const report = await cloneTwice({ rules: [masked('clone3')], options: { file: '/', ...way } });
    expect(report).toEqual(twice(failedAt('exec', EACCES, '/', 'execve')));
  });

  test("clone's own refusal is reported", async () => {
    const rules = [masked('clone3'), { syscall: 'clone', errno: EPERM }];
    expect(await cloneTwice({ rules, options: {} })).toEqual(twice(failedAt('clone', EPERM, '', 'clone')));
  });

  testRows('only because of ENOSYS is clone used', [EPERM, EINVAL, E2BIG], async (errno) => {
    const rules = [{ syscall: 'clone3', errno }];
    expect(await cloneTwice({ rules, options: {} })).toEqual(twice(failedAt('clone', errno, '', 'clone3')));
  });

  test('what clone can not do is refused: a cgroup to start in, a time namespace', async () => {
    const into = '/';
    expect(await cloneTwice({ rules: [masked('clone3')], into, options: {} })).toEqual(
      twice(failedAt('clone', ENOSYS, '', 'clone3')),
    );
    const options = { namespaces: CLONE_NEWTIME, starter: STARTER };
    expect(await cloneTwice({ rules: [masked('clone3')], options })).toEqual(
      twice(failedAt('clone', ENOSYS, '', 'clone3')),
    );
  });
});

describeIf(['seccomp', 'root'], 'without clone3, as root', () => {
  test('clone makes namespaces', async () => {
    const directory = temporaryDirectory();
    const output = join(directory, 'output');
    try {
      const report = await cloneTwice({
        rules: [masked('clone3')],
        options: {
          ...shell('echo $$ $(uname -n) > "$1"', output),
          namespaces: CLONE_NEWIPC | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS,
          hostname: 'inside',
          privateMounts: true,
          mountProc: true,
        },
      });
      expect(report).toEqual(twice(RAN));
      expect(readFileSync(output, 'utf8')).toBe('1 inside\n');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describeIf(['seccomp', 'root', 'unified'], 'clone3 in a cgroup v2', () => {
  test('is not replaced by a clone outside of it', async () => {
    const group = makeCgroup(undefined, 'unified');
    try {
      const scenario = { into: group.path, options: {} };
      expect(await cloneTwice(scenario)).toEqual(twice(RAN));
      expect(await cloneTwice({ ...scenario, rules: [masked('clone3')] })).toEqual(
        twice(failedAt('clone', ENOSYS, '', 'clone3')),
      );
    } finally {
      group.remove();
    }
  });
});

describeIf('seccomp', 'without close_range', () => {
  let directory: string;
  let output: string;

  beforeEach(() => {
    directory = temporaryDirectory();
    output = join(directory, 'output');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  // The last fd is the one that reads the directory.
  const listFds = 'exec ls /proc/self/fd > "$1"';
  const standardFds = '0\n1\n2\n3\n';

  test('every fd is closed, also when there are more than one read returns', async () => {
    const scenario = { inheritable: 1000, options: shell(listFds, output) };
    expect(await cloneTwice({ ...scenario, rules: [masked('close_range')] })).toEqual(twice(RAN));
    expect(readFileSync(output, 'utf8')).toBe(standardFds);
  });

  test('other errors are reported', async () => {
    const rules = [{ syscall: 'close_range', errno: EINVAL }];
    expect(await cloneTwice({ rules, options: shell(listFds, output) })).toEqual(
      twice(failedAt('close-fds', EINVAL, '/proc/self/fd', 'close_range')),
    );
  });
});

describeIf('seccomp', 'openBeneath', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(`${temporaryDirectory()}/`);
    mkdirSync(join(directory, 'inside/deeper'), { recursive: true });
    writeFileSync(join(directory, 'inside/deeper/file'), 'text');
    writeFileSync(join(directory, '../outside'), 'secret');
    symlinkSync('deeper', join(directory, 'inside/link'));
    symlinkSync('file', join(directory, 'inside/deeper/file-link'));
    symlinkSync('/proc/self/root', join(directory, 'inside/root'));
  });
  afterEach(() => rmSync(join(directory, '..'), { recursive: true }));

  const readAll = (paths: string[], rules: FaultRule[]): Promise<CallResult[]> =>
    callAll(rules, [
      ['openDirectory', { path: directory }],
      ...paths.map((path): [string, Record<string, unknown>] => ['readBeneath', { dirFd: '$0', path }]),
    ]);

  test.each([
    ['with openat2', []],
    ['without openat2', [masked('openat2')]],
  ])('%s: follows plain paths and refuses every way out', async (_, rules) => {
    const plain = ['inside/deeper/file', './inside//deeper/./file'];
    expect(await readAll(plain, rules)).toEqual([
      { value: expect.any(Number) as number },
      ...plain.map(() => ({ value: 'text' })),
    ]);

    const refused = [
      '../outside',
      'inside/../../outside',
      join(directory, 'inside/deeper/file'),
      '/etc/passwd',
      'inside/link/file',
      'inside/deeper/file-link',
      'inside/root/etc/passwd',
      'inside/deeper/file/',
    ];
    const [, ...results] = await readAll(refused, rules);
    for (const [index, path] of refused.entries()) {
      const refusal = results[index]?.error;
      expect(refusal).toMatchObject({ syscall: 'openat2', path });
      expect(['EXDEV', 'ELOOP', 'ENOTDIR']).toContain(refusal?.code);
    }
  });

  test('without openat2: refuses ".." wherever it leads', async () => {
    const [, result] = await readAll(['inside/../inside/deeper/file'], [masked('openat2')]);
    expect(result?.error).toMatchObject({ code: 'EXDEV' });
  });

  test('only ENOSYS is answered by another way of opening', async () => {
    const [, result] = await readAll(['inside/deeper/file'], [{ syscall: 'openat2', errno: EPERM }]);
    expect(result?.error).toMatchObject({ code: 'EPERM', syscall: 'openat2' });
  });

  test('a lookup that always raced with another is given up', async () => {
    const { EAGAIN } = constants.errno;
    const [, result] = await readAll(['inside/deeper/file'], [{ syscall: 'openat2', errno: EAGAIN }]);
    expect(result?.error).toMatchObject({ code: 'EAGAIN', syscall: 'openat2' });
  });
});

describeIf('seccomp', 'a call that has no replacement is named', () => {
  test('pidfd_open', async () => {
    const [result] = await callAll([masked('pidfd_open')], [['pidfdOpen', { pid: process.pid }]]);
    expect(result?.error).toEqual({ code: 'ENOSYS', errno: -ENOSYS, syscall: 'pidfd_open' });
  });

  test('pidfd_open, for a child that is to end with its parent', async () => {
    const report = await cloneTwice({ rules: [masked('pidfd_open')], options: { killWithParent: true } });
    expect(report).toEqual(twice(failedAt('parent-death', ENOSYS, 'pidfd_open', 'pidfd_open')));
  });

  test('pidfd_send_signal', async () => {
    const calls: [string, Record<string, unknown>][] = [
      ['pidfdOpen', { pid: process.pid }],
      ['pidfdSendSignal', { pidfd: '$0', signal: 0 }],
    ];
    const [, result] = await callAll([masked('pidfd_send_signal')], calls);
    expect(result?.error).toEqual({ code: 'ENOSYS', errno: -ENOSYS, syscall: 'pidfd_send_signal' });
    const [, allowed] = await callAll([], calls);
    expect(allowed).toEqual({});
  });

  test('waitid', async () => {
    const calls: [string, Record<string, unknown>][] = [
      ['pidfdOpen', { pid: process.pid }],
      ['reap', { pidfd: '$0' }],
    ];
    const [, result] = await callAll([masked('waitid')], calls);
    expect(result?.error).toEqual({ code: 'ENOSYS', errno: -ENOSYS, syscall: 'waitid' });
    const [, allowed] = await callAll([], calls);
    expect(allowed?.error?.code).toBe('ECHILD');
  });
});
