import { mkdirSync, readFileSync } from 'node:fs';

const CGROUPFS = '/sys/fs/cgroup';

describe('an ordinary container', () => {
  test('is the root of the cgroups that it sees', () => {
    expect(readFileSync('/proc/self/cgroup', 'utf8')).toBe('0::/\n');
    expect(readFileSync(`${CGROUPFS}/memory.max`, 'utf8')).toBe('1073741824\n');
  });

  test('can make no cgroup', () => {
    expect(() => mkdirSync(`${CGROUPFS}/refused`)).toThrow(expect.objectContaining({ code: 'EROFS' }));
  });

  test('is root without CAP_SYS_ADMIN, in a PID namespace of its own', () => {
    expect(process.getuid?.()).toBe(0);
    const effective = /^CapEff:\t([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    expect(BigInt(`0x${effective}`) & (1n << 21n)).toBe(0n);
    expect(process.ppid).toBe(1);
  });
});
