import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';

const CGROUPFS = '/sys/fs/cgroup';

describe('a privileged container', () => {
  test('is the root of the cgroups that it sees', () => {
    expect(readFileSync('/proc/self/cgroup', 'utf8')).toBe('0::/\n');
    expect(readFileSync(`${CGROUPFS}/memory.max`, 'utf8')).toBe('1073741824\n');
  });

  test('can make cgroups, which have no memory controller while a process is in the root', () => {
    const directory = `${CGROUPFS}/made`;
    mkdirSync(directory);
    try {
      expect(readFileSync(`${directory}/cgroup.controllers`, 'utf8')).toBe('');
    } finally {
      rmdirSync(directory);
    }
  });
});
