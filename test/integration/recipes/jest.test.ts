import { startIn } from '../../support/docs/project-program';
import { writeProgram } from '../../support/docs/recipes';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';
import { statuses, writeTests } from '../../support/test-runners/greedy-tests';

jest.setTimeout(patience(90_000));

const PAGE = 'docs/guides/test-runners.md';
const KILLED = /greedy\.test\.cjs was killed in the test "takes 800 MiB" for its memory limit of 400 MiB/;

describeIf(['cgroup', 'host'], 'Jest with a limit', () => {
  let project: UserProject;

  beforeEach(() => {
    project = makeUserProject(['jest']);
    project.link('jest', 'jest/bin/jest.js');
  });
  afterEach(() => project.remove());

  test('of each worker: the greedy test has the verdict, and the others go on', async () => {
    writeProgram(PAGE, project);
    const options = [...writeTests(project, 'cjs'), '--json', '--no-watchman', '--cacheDirectory=cache'].join(' ');
    // In a checkout the package is no dependency, which Jest does not transform.
    const transform = "--transform='{}'";
    const { code, stderr, left } = await startIn(project, ['sh', '-c', `exec npx jest ${transform} ${options}`]).end;
    expect(statuses(project)).toEqual({ adds: 'passed', fails: 'failed', greedy: 'failed', outlives: 'passed' });
    expect(stderr).toMatch(KILLED);
    expect({ code, left }).toEqual({ code: 1, left: [] });
  });
});
