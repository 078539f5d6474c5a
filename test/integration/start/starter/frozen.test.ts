import { type ChildProcessWithoutNullStreams, spawn as nodeSpawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createCage, type SharedCage, spawnSync } from 'memcage';
import { fixture, said } from '../../../support/cage-kinds';
import { cagesOf, write } from '../../../support/cgroups/cgroup-tree';
import { starts } from '../../../support/children/starts';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';

jest.setTimeout(patience(120_000));

const STARTS = starts(300);

/** The files with which the cages of this process can be frozen, and what to write. */
const FREEZERS = [
  { file: 'cgroup.freeze', frozen: '1', thawed: '0' },
  { file: 'freezer.state', frozen: 'FROZEN', thawed: 'THAWED' },
];

describeIf(['cgroup', 'root'], 'a shared cage that is frozen and thawed all the time', () => {
  let cage: SharedCage;
  let freezing: ChildProcessWithoutNullStreams;
  let thaw: () => void;
  beforeEach(async () => {
    const before = cagesOf(process.pid);
    cage = createCage({ memory: '100M' });
    const made = cagesOf(process.pid).filter((path) => !before.includes(path));
    const found = made.flatMap((path) =>
      FREEZERS.filter(({ file }) => existsSync(join(path, file))).map((freezer) => ({ path, ...freezer })),
    )[0];
    if (found === undefined) throw new Error('nothing freezes it');
    const { path, file, frozen, thawed } = found;
    thaw = () => write(path, file, thawed);
    freezing = nodeSpawn('sh', [fixture('tamper.sh'), path, file, frozen, thawed]);
    await said(freezing, 'done');
  });
  afterEach(async () => {
    if (freezing.exitCode === null && freezing.signalCode === null) {
      const exit = once(freezing, 'exit');
      freezing.kill('SIGKILL');
      await exit;
    }
    thaw();
    await cage.close();
  });
  expectNothingLeft(async () => {
    const first = createCage({ memory: '100M' });
    await first.run('true');
    await first.close();
  });

  test('hangs no start: each has its child or the reason', () => {
    const ends: Record<string, number> = {};
    let longestMs = 0;
    for (let i = 0; i < STARTS; i += 1) {
      const from = performance.now();
      const end = endOf(cage);
      longestMs = Math.max(longestMs, performance.now() - from);
      ends[end] = (ends[end] ?? 0) + 1;
    }
    expect({ ends, total: (ends['exit 0'] ?? 0) + (ends['ERR_MEMCAGE_FROZEN'] ?? 0) }).toEqual({ ends, total: STARTS });
    expect(longestMs).toBeLessThan(patience(2000));
  });
});

function endOf(cage: SharedCage): string {
  try {
    const { status, signal, error } = spawnSync('true', [], { cage, stdio: 'ignore' });
    return (error as NodeJS.ErrnoException | undefined)?.code ?? signal ?? `exit ${status}`;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
