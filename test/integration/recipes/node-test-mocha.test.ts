import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { startIn } from '../../support/docs/project-program';
import { recipe, writeProgram } from '../../support/docs/recipes';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(90_000));

const PAGE = 'docs/guides/test-runners.md';
const GREEDY = 'globalThis.kept = Buffer.alloc(2 ** 30, 1)';
const KILLED = /(^|\n)memcage: .* w(as|ere) killed for (its|their) memory limit of 700 MiB \(peak.*\n$/;

let project: UserProject;
beforeEach(() => {
  project = makeUserProject(['mocha']);
  mkdirSync(join(project.directory, 'test'));
});
afterEach(() => project.remove());

/** In CI, a test runner may have colours without a terminal. */
async function execute(command: string) {
  const { stdout, ...end } = await startIn(project, ['sh', '-c', command]).end;
  return { ...end, stdout: stripVTControlCharacters(stdout) };
}

describeIf(['cgroup', 'host'], 'node:test with a limit', () => {
  beforeEach(() => {
    const use = "import test from 'node:test';\n";
    project.write('test/adds.test.js', `${use}test('adds', () => {});`);
    project.write('test/greedy.test.js', `${use}test('greedy', () => { ${GREEDY}; });`);
  });

  test('of the whole run: the file with the greedy test is killed, and named', async () => {
    const { code, stdout, stderr, left } = await execute(`${recipe(PAGE, 'node:test').trim()} --test-reporter=tap`);
    expect(stdout).toMatch(/^ok .* adds/m);
    expect(stdout).toMatch(/^not ok .*greedy\.test\.js/m);
    expect(stderr).toMatch(KILLED);
    expect({ code, left }).toEqual({ code: 1, left: [] });
  });

  test('of each file: the same', async () => {
    writeProgram('docs/guides/test-runners.md', project);
    const { code, stdout, stderr, left } = await execute('node caged-tests.mjs test/*.test.js');
    expect(stdout).toMatch(/✔ adds/);
    expect(stdout).toMatch(/✖ .*greedy\.test\.js/);
    expect(stderr).toMatch(/ killed for its memory limit of 400 MiB/);
    expect({ code, left }).toEqual({ code: 1, left: [] });
  });
});

describeIf(['cgroup', 'host'], 'Mocha with a limit', () => {
  beforeEach(() => {
    project.link('mocha', 'mocha/bin/mocha.js');
    project.write('test/adds.js', "it('adds', () => {});");
    project.write('test/greedy.js', `it('small', () => {}); it('greedy', () => { ${GREEDY}; });`);
  });

  test('of the whole run: the greedy test is killed, and the run goes on', async () => {
    const { code, stdout, stderr, left } = await execute(recipe(PAGE, 'Mocha'));
    expect(stdout).toMatch(/✔ adds/);
    expect(stdout).toMatch(/Workerpool Worker terminated Unexpectedly/);
    expect(stderr).toMatch(KILLED);
    expect({ code, left }).toEqual({ code: 1, left: [] });
  });

  test('of the whole run, in one process: it ends with that, after the test before', async () => {
    const { code, stdout, stderr } = await execute(recipe(PAGE, 'Mocha').replace(' --parallel', ''));
    expect(stdout.trim().split('\n').at(-1)).toMatch(/✔ small/);
    expect(stderr).toMatch(KILLED);
    expect(code).toBe(137);
  });

  test('of each file: the greedy one is named', async () => {
    const { stdout, left } = await execute(recipe(PAGE, 'Find the greedy test'));
    expect(stdout.match(/^failed: .*/gm)).toEqual(['failed: test/greedy.js']);
    expect(left).toEqual([]);
  });
});
