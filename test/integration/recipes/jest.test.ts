import { readReport, writeTests } from '../../support/budget/greedy-tests';
import { startIn } from '../../support/docs/project-program';
import { recipe, writeProgram } from '../../support/docs/recipes';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(90_000));

const PAGE = 'docs/guides/test-runners.md';
const TERMINATED = /^ *A jest worker process \(pid=\d+\) was terminated by another process: signal=SIGKILL/m;
const KILLED = expect.stringMatching(
  /(^|\n)memcage: .* was killed for its memory limit of 700 MiB \(peak.*\s*$/,
) as string;
const EVENT = expect.stringMatching(/ killed for its memory limit of 400 MiB/) as string;

describeIf(['cgroup', 'host'], 'Jest with a limit', () => {
  let project: UserProject;
  let options: string;

  beforeEach(() => {
    project = makeUserProject(['jest', 'jest-runner']);
    project.link('jest', 'jest/bin/jest.js');
    options = [...writeTests(project, 'cjs'), '--json', '--no-watchman', '--cacheDirectory=cache'].join(' ');
  });
  afterEach(() => project.remove());

  const report = {
    adds: 'passed',
    fails: 'failed',
    greedy: expect.stringMatching(TERMINATED) as string,
    outlives: 'passed',
  };

  test('of the whole run: the greedy test is killed, and the run goes on', async () => {
    const command = recipe(PAGE, 'Jest').trim();
    const { code, stderr, left } = await startIn(project, ['sh', '-c', `exec ${command} ${options}`]).end;
    // With the events, which say whom else the kernel has killed.
    expect({ code, left, stderr, report: readReport(project) }).toEqual({ code: 1, left: [], stderr: KILLED, report });
  });

  test('of its workers: the same', async () => {
    writeProgram('docs/guides/test-runners.md', project);
    const command = `npx jest --runner=./caged-runner.mjs ${options}`;
    const { code, stderr, left } = await startIn(project, ['sh', '-c', `exec ${command}`]).end;
    expect({ code, left, stderr, report: readReport(project) }).toEqual({ code: 1, left: [], stderr: EVENT, report });
  });

  test('of its workers: a single test file runs in a worker too', async () => {
    writeProgram('docs/guides/test-runners.md', project);
    project.write('outlives.pid', '');
    const command = `npx jest --runner=./caged-runner.mjs ${options} greedy`;
    const { code, left } = await startIn(project, ['sh', '-c', `exec ${command}`]).end;
    expect(readReport(project)).toEqual({ greedy: report.greedy });
    expect({ code, left }).toEqual({ code: 1, left: [] });
  });
});
