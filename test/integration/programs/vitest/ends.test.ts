import { drawn } from '../../../support/drawn';
import { cagesLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { isAlive } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { VitestProject } from '../../../support/test-runners/vitest-project';
import { until } from '../../../support/until';

jest.setTimeout(patience(60_000));

const LIMITED = { memory: '300M', total: '1G' };

let project: VitestProject;
afterEach(() => project.remove());

describeIf(['cgroup', 'host'], 'the end of Vitest with caged workers', () => {
  const WAITS = `
    test('waits', async () => {
      note(process.ppid + ' ' + process.pid);
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    }, 90_000);`;

  // Vitest ends in one way at those that it can hear.
  test.each(['SIGKILL', ...drawn(['SIGINT', 'SIGTERM'] as const, 1)] as const)(
    '%s leaves no worker and no cage',
    async (signal) => {
      project = new VitestProject(LIMITED);
      for (const name of ['a', 'b']) project.file(name, WAITS);
      const { end } = project.start(['run', '--maxWorkers=2']);
      const notes = await until('two workers', () => {
        const seen = project.notes().filter((note) => note !== '');
        return seen.length === 2 ? seen : undefined;
      });
      const pids = notes.map((note) => note.split(' ').map(Number));
      const vitest = pids[0]?.[0] ?? 0;
      expect(cagesLeft(vitest)).not.toEqual([]);
      process.kill(vitest, signal);
      await end;
      await until('no worker', () => pids.every(([, worker = 0]) => !isAlive(worker)));
      await until('no cage', () => cagesLeft(vitest).length === 0);
    },
  );

  test('watching, a file runs again as it changes, and the memory of its killed worker is gone', async () => {
    project = new VitestProject(LIMITED);
    project.file('a', `test('takes all', () => void take(900));`);
    const program = project.start(['--watch', '--reporter=json', '--outputFile=report.json']);
    const report = (): string => {
      try {
        return project.text('report.json');
      } catch {
        return '';
      }
    };
    await until('the verdict', () => /was killed for|was killed in/.test(report()), 30_000);
    project.file('a', `test('takes little', () => void take(9));`);
    await until('a pass', () => /"status":"passed","title":"takes little"/.test(report()), 30_000);
    const { left } = await program.stop();
    expect(left).toEqual([]);
  });
});
