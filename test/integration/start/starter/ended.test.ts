import { once } from 'node:events';
import { cagesOf } from '../../../support/cgroups/cgroup-tree';
import { starts } from '../../../support/children/starts';
import { fixtureResult, startFixture } from '../../../support/fixture';
import { patience } from '../../../support/patience';
import { isAlive, processesWith } from '../../../support/processes/processes';
import { random, seedOf } from '../../../support/random';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

jest.setTimeout(patience(60_000));

const MARK = '1000.375';
const KILLS = starts(8);
/** As long as a few starts. */
const MOST_MS = 20;

async function expectNothingOf(pid: number, [starter]: number[]): Promise<void> {
  await until('no child is left', () => processesWith(MARK).length === 0);
  await until('no starter is left', () => starter !== undefined && !isAlive(starter));
  await until('no cage is left', () => cagesOf(pid).length === 0);
}

describeIf(['cgroup', 'root'], 'the starter of a process', () => {
  test.each(['exit', 'uncaught'])('ends with it: %s', async (how) => {
    const fixture = startFixture('start/starter/ends.js', how);
    const { stdout, code } = await fixture.end;
    expect(code).toBe(how === 'exit' ? 0 : 1);
    await expectNothingOf(fixture.pid, JSON.parse(stdout) as number[]);
  });

  test(`ends with it when it is killed within a start, ${KILLS} times`, async () => {
    const next = random(seedOf());
    for (let i = 0; i < KILLS; i += 1) {
      const fixture = startFixture('start/starter/ends.js', 'kill');
      const [line] = (await once(fixture.process.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
      await new Promise((resolve) => setTimeout(resolve, next() * MOST_MS));
      fixture.process.kill('SIGKILL');
      await fixture.end;
      await expectNothingOf(fixture.pid, JSON.parse(String(line)) as number[]);
    }
  });

  test('is gone when it becomes another program', async () => {
    const fixture = startFixture('start/starter/ends.js', 'become');
    const { stdout, stderr } = await fixture.end;
    const [starters, children] = stdout.split('\n');
    expect(stderr).toBe('');
    // The shell's own: cat. The guardian is nobody's child.
    expect(children?.trim().split(' ')).toHaveLength(1);
    await expectNothingOf(fixture.pid, JSON.parse(starters ?? '') as number[]);
  });

  test.each(['seize', 'interrupt'])('may be traced by somebody who lets nobody see its end (%s)', async (how) => {
    const results = await fixtureResult<{ status: number; ms: number }[]>('start/starter/traced.js', how);
    expect(results.map(({ status }) => status)).toEqual([3, 3, 3, 3]);
    expect(Math.max(...results.map(({ ms }) => ms))).toBeLessThan(patience(5000));
  });
});
