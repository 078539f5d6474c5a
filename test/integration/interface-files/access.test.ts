import { refusedValue } from '../../../lib/cgroup/directory/refused-file';
import { getFile, setFile } from '../../../lib/cgroup/handle/file-access';
import { fakeCgroup } from '../../support/cgroups/fake-cgroup';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { thrown } from '../../support/thrown';

describeIf('linux', 'the interface files of a directory', () => {
  let fake: ReturnType<typeof fakeCgroup> | undefined;

  afterEach(() => {
    fake?.remove();
    fake = undefined;
  });

  function directoryWith(files: Readonly<Record<string, string>>) {
    fake = fakeCgroup(files);
    return fake.directory;
  }

  const code = (act: () => unknown) => (thrown(act) as { code?: string }).code;

  testRows(
    'are read as what they are',
    [
      [1, 'memory.usage_in_bytes', '4096\n', 4096],
      [1, 'memory.use_hierarchy', '1\n', true],
      [1, 'memory.numa_stat', 'total=1 N0=1\n', { total: { total: 1, N0: 1 } }],
      [1, 'memory.kmem.slabinfo', '', ''],
      [2, 'memory.max', 'max\n', Number.POSITIVE_INFINITY],
      [2, 'memory.numa_stat', 'anon N0=1\n', { anon: { N0: 1 } }],
      [2, 'memory.oom.group', '0\n', false],
      [2, 'memory.events', 'oom 1\nnew_in_7_3 2\n', { oom: 1, new_in_7_3: 2 }],
      [2, 'cgroup.controllers', 'cpu memory\n', ['cpu', 'memory']],
      [2, 'cgroup.procs', '1\n2\n', [1, 2]],
      [2, 'cgroup.type', 'domain threaded\n', 'domain threaded'],
    ] as const,
    ([version, name, text, value]) => {
      expect(getFile(directoryWith({ [name]: text }), version, name)).toEqual(value);
    },
  );

  testRows(
    'are written as the kernel takes it',
    [
      [1, 'memory.limit_in_bytes', '90M', '94371840'],
      [1, 'memory.limit_in_bytes', 'max', '-1'],
      [1, 'memory.oom_control', true, '1'],
      [1, 'memory.failcnt', 0, '0'],
      [1, 'memory.swappiness', 60, '60'],
      [2, 'memory.high', 94371840, '94371840'],
      [2, 'memory.swap.max', 0, '0'],
      [2, 'memory.max', Number.POSITIVE_INFINITY, 'max'],
      [2, 'cgroup.max.depth', 'max', 'max'],
      [2, 'cgroup.max.depth', 0, '0'],
      [2, 'cgroup.freeze', false, '0'],
      [2, 'cgroup.kill', 1, '1'],
      [2, 'cgroup.subtree_control', '+memory', '+memory'],
    ] as const,
    ([version, name, value, text]) => {
      const directory = directoryWith({ [name]: '' });
      setFile(directory, version, name, value);
      expect(fake?.read(name)).toBe(text);
    },
  );

  testRows(
    'refuse a wrong value before it is written',
    [
      [1, 'memory.limit_in_bytes', '90 XB', 'INVALID_SIZE'],
      [1, 'memory.limit_in_bytes', 100, 'LIMIT_TOO_SMALL'],
      [1, 'memory.oom_control', 1, 'INVALID_ARGUMENT'],
      [1, 'memory.failcnt', 1, 'INVALID_ARGUMENT'],
      [1, 'memory.swappiness', 1.5, 'INVALID_ARGUMENT'],
      [1, 'tasks', -1, 'INVALID_ARGUMENT'],
      [2, 'cgroup.max.depth', 'many', 'INVALID_ARGUMENT'],
      [2, 'cgroup.kill', 0, 'INVALID_ARGUMENT'],
      [2, 'cgroup.type', '', 'INVALID_ARGUMENT'],
    ] as const,
    ([version, name, value, error]) => {
      const directory = directoryWith({ [name]: 'as it was' });
      expect(code(() => setFile(directory, version, name, value))).toBe(`ERR_MEMCAGE_${error}`);
      expect(fake?.read(name)).toBe('as it was');
    },
  );

  it('of text that can not be read it tells the file, with its directory, and the line', () => {
    const directory = directoryWith({
      'memory.stat': 'anon 1\nfile file\n',
      'memory.current': '1 2\n',
      'cgroup.freeze': '7\n',
    });
    for (const [name, line] of [
      ['memory.stat', 2],
      ['memory.current', 1],
      ['cgroup.freeze', 1],
    ] as const) {
      expect(thrown(() => getFile(directory, 2, name))).toMatchObject({
        code: 'ERR_MEMCAGE_KERNEL_FORMAT',
        path: `${directory.path}/${name}`,
        line,
      });
    }
  });

  it('a file of the root alone is not missed elsewhere for the age of the kernel', () => {
    expect(() => getFile(directoryWith({}), 1, 'release_agent')).toThrow(
      /has no release_agent: only the root .* has it$/,
    );
  });

  it('a size that is refused where nothing tells the use has no figure for it', () => {
    const directory = directoryWith({});
    const refused = Object.assign(new Error('EAGAIN'), { code: 'EAGAIN', errno: -11, syscall: 'write' });
    const context = { directory, version: 2, subject: 'memory.reclaim', value: '1', file: 'memory.reclaim' } as const;
    const error = refusedValue(refused, context);
    expect(error).toMatchObject({ code: 'ERR_MEMCAGE_LIMIT_REFUSED', value: '1' });
    expect(error).not.toHaveProperty('usageBytes');
  });

  it('has a code for each thing that can not be', () => {
    const directory = directoryWith({ 'memory.current': '0\n', 'memory.peak': '0\n' });
    expect(code(() => getFile(directory, 2, 'memory.reclaim'))).toBe('ERR_MEMCAGE_WRITE_ONLY');
    expect(code(() => setFile(directory, 2, 'memory.current', 1))).toBe('ERR_MEMCAGE_READ_ONLY');
    expect(thrown(() => setFile(directory, 2, 'memory.peak', 0))).toMatchObject({
      code: 'ERR_MEMCAGE_READ_ONLY',
      message: expect.stringContaining('trackPeak') as string,
    });
    expect(thrown(() => setFile(directory, 1, 'release_agent', '/bin/true'))).toMatchObject({
      code: 'ERR_MEMCAGE_READ_ONLY',
      message: expect.stringContaining('as root') as string,
    });
    expect(code(() => getFile(directory, 2, 'memory.limit_in_bytes'))).toBe('ERR_MEMCAGE_NOT_IN_VERSION');
    expect(code(() => setFile(directory, 1, 'memory.high', '1M'))).toBe('ERR_MEMCAGE_NOT_IN_VERSION');
    for (const name of ['memory.nonsense', 'toString', '../memory.current', undefined]) {
      expect(code(() => getFile(directory, 2, name as string))).toBe('ERR_MEMCAGE_INVALID_ARGUMENT');
    }
    expect(thrown(() => getFile(directory, 2, 'memory.zswap.current'))).toMatchObject({
      code: 'ERR_MEMCAGE_UNSUPPORTED',
      message: expect.stringMatching(/came with Linux 5\.19, .* it needs CONFIG_ZSWAP$/) as string,
    });
    expect(code(() => setFile(directory, 2, 'memory.high', '1M'))).toBe('ERR_MEMCAGE_UNSUPPORTED');
  });
});
