import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, dirname } from 'node:path';
import type { Size } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { cgroupOf, limitOf, mountPoint, read, version } from '../../support/cgroups/cgroup-tree';
import { foreign, other, strangers } from '../../support/cgroups/strangers';
import { withCode } from '../../support/error-code';
import { openFdCount } from '../../support/processes/fds';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { thrown } from '../../support/thrown';

describeIf('cgroup', `Cgroup.create() on v${version}`, () => {
  const { make, makeParent } = strangers();

  test('below the own cgroup, or a parent that is given in any way', () => {
    const parent = make();
    using handle = Cgroup.open(parent);
    const name = `memcage-test-${process.pid}-created`;
    for (const [options, expected] of [
      [{}, `${cgroupOf('self')}/${name}`],
      [{ parent }, `${parent}/${name}`],
      [{ parent: handle }, `${parent}/${name}`],
      [{ parent: parent.slice(mountPoint('memory').length) }, `${parent}/${name}`],
    ] as const) {
      using created = Cgroup.create(name, options);
      expect(created.path).toBe(expected);
      expect(existsSync(expected)).toBe(true);
      rmdirSync(expected);
    }
  });

  test('with limits', () => {
    const parent = makeParent();
    const [memory, inForce, written] =
      version === 1
        ? ([
            { max: '32M', [other]: '16M', swappiness: 7, oomKill: false },
            { max: 32 << 20, [other]: 16 << 20, swappiness: 7, oomKill: false },
            { ...(other === 'soft' && { 'memory.soft_limit_in_bytes': String(16 << 20) }), 'memory.swappiness': '7' },
          ] as const)
        : ([
            { max: '32M', high: '16M', low: '8M', min: '4M', oomGroup: true },
            { max: 32 << 20, high: 16 << 20, low: 8 << 20, min: 4 << 20, oomGroup: true },
            {
              'memory.high': String(16 << 20),
              'memory.low': String(8 << 20),
              'memory.min': String(4 << 20),
              'memory.oom.group': '1',
            },
          ] as const);
    using created = Cgroup.create('limited', { parent, memory });
    expect(limitOf(created.path)).toBe(32 << 20);
    for (const [file, value] of Object.entries(written)) expect(read(created.path, file)).toBe(value);
    if (version === 1) expect(read(created.path, 'memory.oom_control')).toMatch(/^oom_kill_disable 1$/m);
    expect(created.limits()).toMatchObject(inForce);
  });

  test('one that exists is left as it is', () => {
    const path = make('32M');
    const create = () => Cgroup.create(basename(path), { parent: dirname(path), memory: '64M' });
    expect(thrown(create)).toMatchObject({ code: 'ERR_MEMCAGE_CGROUP_EXISTS', errno: -constants.errno.EEXIST });
    expect(limitOf(path)).toBe(32 << 20);
  });

  testRows(
    'a wrong name is refused',
    ['', '.', '..', 'a/b', '/', '../a', 'a\0b', 'a\nb', 'x'.repeat(256), 5, null, undefined],
    (name) => {
      const parent = make();
      expect(() => Cgroup.create(name as string, { parent })).toThrow(withCode('INVALID_ARGUMENT'));
      expect(() => Cgroup.create(name as string)).toThrow(withCode('INVALID_ARGUMENT'));
      expect(readdirSync(parent, { withFileTypes: true }).filter((entry) => entry.isDirectory())).toEqual([]);
    },
  );

  test('nothing is left when the options or the kernel refuse', () => {
    const parent = make();
    const fds = openFdCount();
    expect(() => Cgroup.create('a', { parent, memory: { [foreign]: '8M' } })).toThrow(withCode('NOT_IN_VERSION'));
    expect(() => Cgroup.create('a', { parent, memory: '1.5' as Size })).toThrow(withCode('INVALID_SIZE'));
    expect(() => Cgroup.create('a', { parent: `${parent}/none` })).toThrow(withCode('NO_CGROUP'));
    expect(readdirSync(parent, { withFileTypes: true }).filter((entry) => entry.isDirectory())).toEqual([]);
    expect(openFdCount()).toBe(fds);
  });
});
