import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Cgroup, type FileNeed, INTERFACE_FILES, type InterfaceFile, type ReadableFile } from 'memcage/cgroup';
import { type Controller, makeCgroup, mountPoint, version } from '../../support/cgroups/cgroup-tree';
import { kernelHas } from '../../support/kernel-version';
import { describeIf, type Feature } from '../../support/require';
import { testRows } from '../../support/rows';

/** One machine's kernel has these, but Linux does not. */
const PATCHED_IN = ['memory.shown_ram_in_bytes'];

const OTHER_CONTROLLERS = /^(cpu|cpuset|io|pids|hugetlb|rdma|misc|irq|dmem|perf_event)\./;

function listed(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !PATCHED_IN.includes(entry.name) && !OTHER_CONTROLLERS.test(entry.name))
    .map(({ name }) => name)
    .sort();
}

const isThere: Record<FileNeed, (path: string) => boolean> = {
  // Either all of the table's files with this need exist, or none.
  'swap accounting': (path) =>
    ['memory.memsw.usage_in_bytes', 'memory.swap.current'].some((file) => existsSync(join(path, file))),
  CONFIG_ZSWAP: () => existsSync('/sys/module/zswap'),
  CONFIG_PSI: () => existsSync('/proc/pressure/memory'),
  CONFIG_NUMA: () => existsSync('/sys/devices/system/node/online'),
};

function isKnown({ since, needs }: InterfaceFile, path: string): boolean {
  const [major = 0, minor = 0] = since.split('.').map(Number);
  return kernelHas(major, minor) && (needs === undefined || isThere[needs](path));
}

const hierarchies: [name: string, needed: Feature, controller: Controller, tableOf: 1 | 2, pattern: RegExp][] = [
  [`memory, v${version}`, 'cgroup', 'memory', version, /./],
  // Besides v1's memory controller, it has the core's files, and pressure.
  ['the unified one', 'unified', 'unified', 2, version === 2 ? /./ : /^cgroup\.|^memory\.pressure$/],
];

describe.each(hierarchies)(
  'the table of interface files is that of this machine: %s',
  (_, needed, controller, tableOf, pattern) => {
    const table = Object.entries(INTERFACE_FILES[tableOf]).filter(([name]) => pattern.test(name));

    describeIf(needed, 'a cgroup', () => {
      let path = '';
      let remove = (): void => {};

      beforeAll(() => {
        ({ path, remove } = makeCgroup(undefined, controller));
      });
      afterAll(() => remove());

      test('has these files, and no others', () => {
        const expected = table.filter(([, file]) => file.in !== 'root' && isKnown(file, path)).map(([name]) => name);
        expect(listed(path)).toEqual(expected.sort());
      });

      test('the files can be read and written as it says', () => {
        const has = (name: string, bit: number) => (statSync(join(path, name)).mode & bit) !== 0;
        const names = listed(path);
        const of = (trait: 'read' | 'write') => (name: string) => INTERFACE_FILES[tableOf][name]?.[trait];
        // A file that is only an argument of cgroup.event_control may have any mode.
        const real = names.filter((name) => name !== 'memory.pressure_level');
        expect(real.filter((name) => has(name, 0o400))).toEqual(real.filter(of('read')));
        // memory.peak and memory.swap.peak can be written since Linux 6.12.
        const writable = real.filter((name) => has(name, 0o200) || of('write')(name) === 'held');
        expect(writable).toEqual(real.filter(of('write')));
      });
    });

    describeIf(needed, 'the root', () => {
      const root = mountPoint(controller);

      // It can't be seen in a cgroup namespace, or in a container's mount.
      (existsSync(root) && statSync(root).ino === 1 ? test : test.skip)('has these files, and no others', () => {
        // v1's memory controller leaves files out by name, not by a rule, so the ones that it has must be known.
        const expected = table.filter(([, file]) => file.in !== 'below' && isKnown(file, root)).map(([name]) => name);
        const names = listed(root);
        expect(names.filter((name) => !expected.includes(name))).toEqual([]);
        if (tableOf === 2 && version === 2) expect(names).toEqual(expected.sort());
      });
    });
  },
);

describeIf('cgroup', 'Cgroup.get reads every file that can be read', () => {
  let group: ReturnType<typeof makeCgroup>;

  beforeAll(() => {
    group = makeCgroup('64M');
  });
  afterAll(() => group.remove());

  testRows(
    'or the table says why it is not there',
    Object.entries(INTERFACE_FILES[version]).filter(([, file]) => file.read !== undefined && file.in !== 'root'),
    ([name, file]) => {
      using cgroup = Cgroup.open(group.path);
      if (!existsSync(join(group.path, name))) {
        expect(isKnown(file, group.path)).toBe(false);
        return;
      }
      expect(cgroup.get(name as ReadableFile)).toBeDefined();
    },
    { name: ([name]) => name },
  );
});
