import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CagedProcess, createCage, run, type SpawnOptions, spawn } from 'memcage';
import { readKey, readNumber, tree } from '../../support/cgroups/cgroup-tree';
import { expectNothingLeft } from '../../support/nothing-left';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { thrown } from '../../support/thrown';
import { until } from '../../support/until';

const SMALL = 'ERR_MEMCAGE_LIMIT_TOO_SMALL';

/** How a start below a limit ended, in the words of the library. */
type Fate = 'too small' | 'out of memory' | 'ran';

async function fateOf(start: () => CagedProcess): Promise<Fate> {
  let child: ReturnType<typeof start>;
  try {
    child = start();
  } catch (error) {
    // If exec could still fail: with ENOMEM, or with E2BIG when there is no page for the arguments.
    expect(error).toMatchObject({ code: SMALL, message: expect.stringContaining('too small') as string });
    return 'too small';
  }
  child.once('error', () => {});
  const { exitCode, signal, oom, error } = await child.outcome;
  if (exitCode === 0) return 'ran';
  expect({ exitCode, signal }).toEqual({
    exitCode: null,
    signal: expect.stringMatching(/^SIG(KILL|SEGV|BUS)$/) as string,
  });
  // Either the kernel's count says so, or the error.
  if (oom !== null) {
    expect(oom.cause).toBe('limit');
    // The kernel may count the first of a group kill twice: docs/reference/outcome.md.
    expect([1, 2]).toContain(oom.kills);
    return 'out of memory';
  }
  expect(error).toMatchObject({ code: SMALL, message: expect.stringMatching(/too small|OOM killer is off/) as string });
  return 'too small';
}

/** Sets the limit of a v1 cgroup to its usage. True if there was nothing to do. */
function takeRoom(path: string): boolean {
  const usage = readNumber(path, 'memory.usage_in_bytes');
  if (usage === readNumber(path, 'memory.limit_in_bytes')) return true;
  writeFileSync(join(path, 'memory.limit_in_bytes'), String(usage));
  return false;
}

describeIf('cgroup', 'a limit so small that no program can be loaded', () => {
  expectNothingLeft(() => run('true', [], { memory: '10M' }));

  const withNamespaces: SpawnOptions = { namespaces: { uts: true, mount: true, pid: true } };

  describe.each([
    ['private', {}],
    ['private, with namespaces', withNamespaces],
  ])('%s', (_, options) => {
    testRows('of a few pages: exec fails', ['4K', '8K', '12K', '16K'], async (memory) => {
      expect(await fateOf(() => spawn('true', [], { ...options, memory, stdio: 'ignore' }) as never)).toBe('too small');
    });

    // Below that it depends on the kernel, and on how much it charges for its data about a process.
    testRows('of some pages more: the kernel says whose fault it was', ['64K', '96K', '128K'], async (memory) => {
      expect(await fateOf(() => spawn('true', [], { ...options, memory, stdio: 'ignore' }) as never)).toBe(
        'out of memory',
      );
    });

    test('from some size on it runs, and every size below is explained', async () => {
      const fates: Fate[] = [];
      const sizes = Array.from({ length: 19 }, (_, i) => (1 + 5 * i) * 4096);
      // Where it begins to run depends on what the kernel has charged ahead on each processor (64 pages), and has not yet given
      // back. The errors say that 1M is enough.
      for (const memory of [...sizes, 2 ** 20])
        fates.push(await fateOf(() => spawn('true', [], { ...options, memory, stdio: 'ignore' }) as never));
      expect(fates[0]).toBe('too small');
      expect(fates.at(-1)).toBe('ran');
    });
  });

  // Its process may be killed before it comes to exec.
  testRows('shared: exec fails, or the kernel says whose fault it was', ['4K', '8K', '16K', '32K'], async (memory) => {
    await using cage = createCage({ memory });
    const fate = await fateOf(() => cage.spawn('true', [], { stdio: 'ignore' }) as never);
    expect(['too small', 'out of memory']).toContain(fate);
    const codes: unknown = expect.stringMatching(/^ERR_MEMCAGE_(LIMIT_TOO_SMALL|MEMORY_LIMIT)$/);
    await expect(cage.run('true')).rejects.toMatchObject({ code: codes });
  });

  describeIf(['v1', 'machine'], 'without the OOM killer', () => {
    testRows('SIGSEGV, and no count of the kernel', [24, 28, 32, 36], async (kib) => {
      const start = () => spawn('true', [], { memory: { max: kib * 1024, oomKill: false }, stdio: 'ignore' }) as never;
      expect(await fateOf(start)).toBe('too small');
    });

    test('run rejects with it, and the error carries the outcome', async () => {
      // Newer kernels charge less for a process. With a small enough limit exec fails, and the child has printed
      // nothing.
      const errors = await Promise.all(
        [24, 32, 40, 48].map((kib) =>
          run('true', [], { memory: { max: kib * 1024, oomKill: false } }).catch((reason: unknown) => reason),
        ),
      );
      for (const error of errors) expect(error).toMatchObject({ code: SMALL });
      const outcome = expect.objectContaining({ exitCode: null, signal: 'SIGSEGV', oom: null }) as unknown;
      expect(errors).toContainEqual(expect.objectContaining({ outcome }));
    });
  });

  test('a crash of a program that was started is its own', async () => {
    const { outcome } = spawn('sh', ['-c', 'kill -SEGV $$'], { memory: '50M', stdio: 'ignore' });
    const { error, signal, oom } = await outcome;
    expect({ error, signal, oom }).toEqual({ error: null, signal: 'SIGSEGV', oom: null });
  });

  test("arguments that are too long are not the limit's fault", async () => {
    await expect(run('true', ['x'.repeat(200_000)], { memory: '50M' })).rejects.toMatchObject({ code: 'E2BIG' });
  });

  describeIf(['v1', 'stress'], 'a full cage whose OOM killer is off', () => {
    test('each start says so', async () => {
      await using cage = createCage({ memory: { max: '20M', oomKill: false } });
      const hog = cage.spawn('stress', ['--vm-bytes', '40m', '--vm-keep', '-m', '1'], { stdio: 'ignore' });
      const isFull = () =>
        tree(cage.cgroup.path).some((path) => readKey(path, 'memory.oom_control', 'under_oom') === 1);
      await until('the hog waits for memory', isFull);
      // The kernel charges ahead for each CPU (64 pages), and gives that back while the hog goes to sleep, or later.
      let timesFull = 0;
      await until('it stays full', () => {
        timesFull = takeRoom(cage.cgroup.path) ? timesFull + 1 : 0;
        return timesFull >= 10;
      });
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const error = thrown(() => cage.spawn('true', [], { stdio: 'ignore' }));
        expect(error).toMatchObject({ code: SMALL, message: expect.stringContaining('OOM killer is off') as string });
      }
      await cage.kill();
      expect(await hog.outcome).toMatchObject({ signal: 'SIGKILL', oom: null });
    });
  });
});
