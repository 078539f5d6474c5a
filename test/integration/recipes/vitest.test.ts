import { readReport, writeTests } from '../../support/budget/greedy-tests';
import { startIn } from '../../support/docs/project-program';
import { programFile, recipe, writeProgram } from '../../support/docs/recipes';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

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
    expect(readReport(project)).toEqual(report);
    expect(stderr).toMatch(/Worker exited unexpectedly/);
    expect(stderr.trim().split('\n').at(-1)).toMatch(/^memcage: .* was killed for its memory limit of 700 MiB \(peak/);
    expect({ code, left }).toEqual({ code: 1, left: [] });
  });

  test('of each worker: the same, and with more code the file', async () => {
    writeProgram('docs/guides/test-runners.md', project);
    const named = programFile(PAGE, 'vitest.config.mjs').replace('new Caged(', 'new Named(');
    project.write(
      'with-file.config.mjs',
      named.replace('export default', `${recipe(PAGE, 'Vitest', 1)}\nexport default`),
    );
    project.write('limit.test.js', "test('limit', () => expect(process.constrainedMemory()).toBe(400 * 2 ** 20));");
    for (const config of ['vitest.config.mjs', 'with-file.config.mjs']) {
      const command = `exec npx vitest run --config ${config} ${options}`;
      const { code, stderr, left } = await startIn(project, ['sh', '-c', command]).end;
      expect(readReport(project)).toEqual({ ...report, limit: 'passed' });
      expect(stderr).toMatch(/Worker exited unexpectedly/);
      expect(stderr).toMatch(/ killed for its memory limit of 400 MiB/);
      const told = [...stderr.matchAll(/^killed: (.+)/gm)].map(([, file]) => file);
      expect(told).toEqual(config === 'vitest.config.mjs' ? [] : [`${project.directory}/greedy.test.js`]);
      expect({ code, left }).toEqual({ code: 1, left: [] });
    }
  });
});
