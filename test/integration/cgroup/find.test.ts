import { spawn as nodeSpawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { type MemcageError, spawn } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { cgroupOf, mountPoint, version } from '../../support/cgroups/cgroup-tree';
import { strangers } from '../../support/cgroups/strangers';
import { withCode } from '../../support/error-code';
import { describeIf } from '../../support/require';
import { thrown } from '../../support/thrown';
import { until } from '../../support/until';

function open<T>(path: string, use: (cgroup: Cgroup) => T): T {
  using cgroup = Cgroup.open(path);
  return use(cgroup);
}

describeIf('cgroup', `finding a Cgroup on v${version}`, () => {
  const { inhabit, make } = strangers();

  test('self() and of()', async () => {
    using self = Cgroup.self();
    expect(self.path).toBe(cgroupOf('self'));
    expect(self.version).toBe(version);
    const path = make();
    const pid = await inhabit(path);
    using other = Cgroup.of(pid);
    expect(other.path).toBe(path);
  });

  test('of() a process that is no more, or can not be', async () => {
    const child = nodeSpawn('true');
    await until('ended', () => child.exitCode !== null);
    expect(() => Cgroup.of(child.pid ?? 0)).toThrow(withCode('NO_CGROUP'));
    const { pid: caged, outcome } = spawn('true', [], { memory: '10M' });
    await outcome;
    expect(() => Cgroup.of(caged ?? 0)).toThrow(withCode('NO_CGROUP'));
    for (const pid of [0, -1, 1.5, Number.NaN, 2 ** 31, '1', null, undefined]) {
      expect(() => Cgroup.of(pid as number)).toThrow(withCode('INVALID_ARGUMENT'));
    }
  });

  test('open() by an absolute path, and as /proc/<pid>/cgroup has it', () => {
    const path = make();
    const inHierarchy = path.slice(mountPoint('memory').length);
    for (const name of [path, inHierarchy, inHierarchy.slice(1), `${path}/`, path.replaceAll('/', '//')]) {
      expect(open(name, (cgroup) => cgroup.path)).toBe(path);
    }
    expect(open(mountPoint('memory'), (cgroup) => cgroup.path)).toBe(mountPoint('memory'));
  });

  test('find() what is there many times: the error has all of them', () => {
    const name = `memcage-twin-${process.pid}`;
    const paths = Array.from({ length: 12 }, () => `${make()}/${name}`);
    for (const path of paths) mkdirSync(path);
    const error = thrown(() => Cgroup.find(name)) as MemcageError;
    expect(error).toMatchObject(withCode('AMBIGUOUS'));
    expect([...(error.paths ?? [])].sort()).toEqual([...paths].sort());
  });

  test('open() what is none', () => {
    const path = make();
    expect(() => Cgroup.open(`${path}/none`)).toThrow(withCode('NO_CGROUP'));
    expect(thrown(() => Cgroup.open('/no/such/cgroup'))).toMatchObject({
      code: 'ERR_MEMCAGE_NO_CGROUP',
      syscall: 'open',
    });
    expect(() => Cgroup.open(`${path}/cgroup.procs`)).toThrow(withCode('NO_CGROUP'));
    for (const name of ['', '..', `${path}/../x`, `${path}\0`, 5, null]) {
      expect(() => Cgroup.open(name as string)).toThrow(withCode('INVALID_ARGUMENT'));
    }
  });
});
