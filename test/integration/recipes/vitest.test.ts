import { startIn } from '../../support/docs/project-program';
import { recipe, writeProgram } from '../../support/docs/recipes';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';
import { statuses, writeTests } from '../../support/test-runners/greedy-tests';

jest.setTimeout(patience(90_000));

const PAGE = 'docs/guides/test-runners.md';

describeIf(['cgroup', 'host'], 'Vitest with a limit', () => {
  let project: UserProject;
  let options: string;

  beforeEach(() => {
    project = makeUserProject(['vitest']);
    project.link('vitest', 'vitest/vitest.mjs');
    options = [...writeTests(project, 'js'), '--globals', '--reporter=default', '--reporter=json'].join(' ');
  });
  afterEach(() => project.remove());

  // Vitest has no result for the test of a worker that was killed.
  const report = { adds: 'passed', fails: 'failed', greedy: 'pending', outlives: 'passed' };

  test('of the whole run: the greedy test is killed, and the run goes on', async () => {
    const command = recipe(PAGE, 'Vitest').trim();
    const { code, stderr, left } = await startIn(project, ['sh', '-c', `exec ${command} ${options}`]).end;
    // All at once: should the kernel kill Vitest too (docs/reference/limits.md), the last line tells.
    expect({ code, left, statuses: statuses(project), last: stderr.trim().split('\n').at(-1) }).toEqual({
      code: 1,
      left: [],
      statuses: report,
      last: expect.stringMatching(/^memcage: .* was killed for its memory limit of 700 MiB \(peak/),
    });
    expect(stderr).toMatch(/Worker exited unexpectedly/);
  });

  test('of each worker: the greedy test has the verdict, and the others go on', async () => {
    writeProgram(PAGE, project);
    project.write('limit.test.js', "test('limit', () => expect(process.constrainedMemory()).toBe(400 * 2 ** 20));");
    const { code, stderr, left } = await startIn(project, ['sh', '-c', `exec npx vitest run ${options}`]).end;
    expect(statuses(project)).toEqual({ ...report, greedy: 'failed', limit: 'passed' });
    expect(stderr).toMatch(/greedy.test.js was killed in the test "takes 800 MiB" for its memory limit of 400 MiB/);
    expect({ code, left }).toEqual({ code: 1, left: [] });
  });
});
