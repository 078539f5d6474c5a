import { type ChildProcess, execFile } from 'node:child_process';
import { run } from 'memcage';
import { fixture } from '../../support/cage-kinds';
import { cagesOf, makeCgroup } from '../../support/cgroups/cgroup-tree';
import { expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

const KILLS = 50;
const TIMEOUT_MS = patience(120_000);

interface Told {
  ends: Record<string, number>;
  kills: number;
}

/** The owner is a separate process: a kill of Jest would end the test. */
describeIf('cgroup', 'OOM kills among which children start', () => {
  let group: ReturnType<typeof makeCgroup> | undefined;
  let owner: ChildProcess | undefined;
  afterEach(() => {
    owner?.kill('SIGKILL');
    group?.remove();
    group = undefined;
  });
  expectNothingLeft(() => run('true', { memory: '8M' }));

  /** What the owner has told, and how it ended. */
  async function owned(parent?: string): Promise<{ end: unknown; told: Told }> {
    const args = [fixture('spared-owner.js'), String(KILLS), ...(parent === undefined ? [] : [parent])];
    return await new Promise((resolve) => {
      owner = execFile(process.execPath, args, (error, stdout) => {
        const end = error === null ? 0 : (error.signal ?? error.message);
        resolve({ end, told: JSON.parse(stdout || '{}') as Told });
      });
    });
  }

  test.each(['a shared cage', 'a parent with a limit'])(
    'in %s never take their owner',
    async (where) => {
      group = where === 'a shared cage' ? undefined : makeCgroup('24M');
      const { end, told } = await owned(group?.path);
      expect(end).toBe(0);
      expect(told.kills).toBeGreaterThan(0);
      expect(told.ends['0']).toBeGreaterThan(0);
      expect(cagesOf(owner?.pid ?? 0)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
