import { type MemcageError, run, spawn } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { said } from '../../support/cage-kinds';
import { makeCgroup, read, version } from '../../support/cgroups/cgroup-tree';
import { expectNothingLeft } from '../../support/nothing-left';
import { describeIf } from '../../support/require';
import { thrown } from '../../support/thrown';

/** Holds 20 MiB until its input ends. */
const HOLDER = `const held = Buffer.alloc(20 << 20, 1); console.log('holds'); process.stdin.on('end', () => process.exit(held[0] - 1)).resume();`;

function withCode(code: string, fields: object = {}): object {
  return expect.objectContaining({ code: `ERR_MEMCAGE_${code}`, ...fields }) as object;
}

describeIf('cgroup', `interface files of a cgroup, v${version}`, () => {
  let group: ReturnType<typeof makeCgroup>;
  let cgroup: Cgroup;

  beforeEach(() => {
    group = makeCgroup('64M');
    cgroup = Cgroup.open(group.path);
  });
  afterEach(() => {
    cgroup.close();
    group.remove();
  });
  expectNothingLeft(() => run('true', { memory: '8M' }));

  const [limit, other, flag, readOnly, writeOnly] =
    version === 1
      ? ([
          'memory.limit_in_bytes',
          'memory.max',
          'memory.oom_control',
          'memory.usage_in_bytes',
          'memory.force_empty',
        ] as const)
      : (['memory.max', 'memory.limit_in_bytes', 'memory.oom.group', 'memory.current', 'cgroup.kill'] as const);

  test('what is set is what is got, and what the kernel has', () => {
    expect(cgroup.get(limit)).toBe(64 << 20);
    cgroup.set(limit, '32M');
    expect(cgroup.get(limit)).toBe(32 << 20);
    expect(read(group.path, limit)).toBe(String(32 << 20));

    cgroup.set(flag, true);
    expect(read(group.path, flag)).toMatch(/^(oom_kill_disable )?1/);
    cgroup.set(flag, false);
    expect(read(group.path, flag)).toMatch(/^(oom_kill_disable )?0/);

    cgroup.set(writeOnly, (version === 1 ? 0 : 1) as never);
    expect(cgroup.get('memory.stat')).toMatchObject({ [version === 1 ? 'rss' : 'anon']: 0 });
    expect(cgroup.get('cgroup.procs')).toEqual([]);
  });

  test('each thing that can not be has its own code', () => {
    expect(thrown(() => cgroup.get(other))).toEqual(withCode('NOT_IN_VERSION'));
    expect(thrown(() => cgroup.set(readOnly as never, 0 as never))).toEqual(withCode('READ_ONLY'));
    expect(thrown(() => cgroup.get(writeOnly as never))).toEqual(withCode('WRITE_ONLY'));
    expect(thrown(() => cgroup.get('memory.none' as never))).toEqual(withCode('INVALID_ARGUMENT'));
    const [file, value] =
      version === 1 ? (['memory.swappiness', 100_000] as const) : (['cgroup.type', 'domain'] as const);
    expect(thrown(() => cgroup.set(file, value as never))).toEqual(
      withCode('VALUE_REFUSED', { value: String(value), path: `${group.path}/${file}` }),
    );
    expect(thrown(() => cgroup.set('cgroup.procs', 2 ** 22))).toEqual(withCode('VALUE_REFUSED', { value: '4194304' }));
    group.remove();
    expect(thrown(() => cgroup.get(limit))).toEqual(withCode('NO_CGROUP'));
    expect(thrown(() => cgroup.set(limit, '1M'))).toEqual(withCode('NO_CGROUP'));
    cgroup.close();
    expect(thrown(() => cgroup.get(limit))).toEqual(withCode('CLOSED'));
  });

  // v2 does not refuse it, but kills.
  (version === 1 ? test : test.skip)('a limit below the use is refused, with the use and the peak', async () => {
    // Without swappiness, the memory would be swapped out if there is swap.
    const child = spawn(process.execPath, ['-e', HOLDER], { memory: { max: '500M', swappiness: 0 } });
    await said(child, 'holds');
    const { cgroup: cage } = child.cage;
    const error = thrown(() => cage.set('memory.limit_in_bytes', '4M')) as MemcageError;
    expect(error).toEqual(withCode('LIMIT_REFUSED', { value: String(4 << 20) }));
    expect(error.usageBytes).toBeGreaterThan(20 << 20);
    expect(error.peakBytes).toBeGreaterThanOrEqual(error.usageBytes ?? Number.POSITIVE_INFINITY);
    expect(error.message).toMatch(
      /can't be set to 4 MiB: [\d.]+ MiB is in use \(peak [\d.]+ MiB\) .*Cure: free memory/,
    );
    expect(cage.get('memory.limit_in_bytes')).toBe(500 << 20);
    child.stdin.end();
    expect(await child.outcome).toMatchObject({ exitCode: 0 });
  });
});
