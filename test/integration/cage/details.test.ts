import { createCage, run, spawnSync } from 'memcage';
import { version } from '../../support/cgroups/cgroup-tree';
import { expectNothingLeft } from '../../support/nothing-left';
import { describeIf } from '../../support/require';
import { thrown } from '../../support/thrown';

const MIB = 1 << 20;
const NONE = Number.POSITIVE_INFINITY;

describeIf('cgroup', 'details of the outcome', () => {
  expectNothingLeft(() => run('true', { memory: '8M', memoryDetails: true }));

  test('is in the outcome when it was asked for, and not otherwise', async () => {
    const plain = await run('true', { memory: '8M' });
    expect(plain.memory.details).toBeNull();
    const { memory } = await run('true', { memory: '8M', memoryDetails: true });
    expect(memory.details).toEqual(
      version === 1
        ? { highBytes: null, limitHits: 0, highHits: null, swapPeakBytes: null, pressure: null }
        : expect.objectContaining({ highBytes: NONE, limitHits: 0, highHits: 0 }),
    );
  });

  test('counts how often the limit was hit, or says that the kernel did not', async () => {
    const { memory, oom } = await run('tail', ['/dev/zero'], { memory: '16M', memoryDetails: true, reject: false });
    expect(oom).toMatchObject({ cause: 'limit' });
    const hits = memory.details?.limitHits;
    if (version === 2) expect(hits).toBeGreaterThan(0);
    else expect(hits === null || (hits ?? 0) > 0).toBe(true);
  });

  test('of a child in a shared cage, and of one that was waited for', async () => {
    await using cage = createCage({ memory: '32M' });
    const options = { cage, memoryDetails: true };
    expect((await run('true', options)).memory.details).toMatchObject({ limitHits: 0 });
    expect(spawnSync('true', options).outcome.memory.details).toMatchObject({ limitHits: 0 });
  });

  test('a wrong value is refused', () => {
    const error = thrown(() => spawnSync('true', { memory: '8M', memoryDetails: 'yes' as unknown as boolean }));
    expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_MEMCAGE_INVALID_ARGUMENT' });
  });
  describeIf('v2', 'what only v2 has', () => {
    test('high: the limit, and how often the use went over it', async () => {
      // As little above as can be: the further, the longer the kernel makes the process wait. The buffer alone is as large as the limit.
      const words = ['if=/dev/zero', 'of=/dev/null', 'bs=32M', 'count=1'];
      const memory = { max: '64M', high: '32M' } as const;
      const { memory: report } = await run('dd', words, { memory, memoryDetails: true });
      expect(report.details).toMatchObject({ highBytes: 32 * MIB, limitHits: 0 });
      expect(report.details?.highHits).toBeGreaterThan(0);
    });
  });

  describe('page faults', () => {
    test('are those of the child and of what it has waited for', async () => {
      // It has more of them by itself than the shell below.
      const { faults: few } = await run('perl', ['-e', '1'], { memory: '64M' });
      const touch = '$x = "x" x (16 << 20)';
      const { faults: many } = await run('sh', ['-c', 'perl -e "$0"; true', touch], { memory: '64M' });
      expect(few?.minor).toBeGreaterThan(0);
      // With huge pages, one fault takes about 2 MiB.
      expect(many?.minor).toBeGreaterThan(few?.minor ?? Number.NaN);
      expect(many?.major).toBeGreaterThanOrEqual(0);
    });
  });
});
