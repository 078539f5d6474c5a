import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { withReadOnlyCgroups } from '../../../support/cgroups/read-only-cgroups';
import { drawn } from '../../../support/drawn';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { VitestProject } from '../../../support/test-runners/vitest-project';

jest.setTimeout(patience(90_000));

const LIMITED = { memory: '300M', total: '1G' };

let project: VitestProject;
afterEach(() => project.remove());

/** The most files that ran at a time, by what they noted: + as one begins, - as it ends. */
function mostAtATime(notes: string[]): number {
  let now = 0;
  let most = 0;
  for (const note of notes) {
    now += note.startsWith('+') ? 1 : -1;
    most = Math.max(most, now);
  }
  return most;
}

const NOTED = `
  note('+');
  afterAll(() => note('-'));
  test('takes its time', () => new Promise((resolve) => setTimeout(resolve, 700)));`;

describeIf(['cgroup', 'host'], 'a pool of caged workers for Vitest', () => {
  const files = {
    greedy: `
      test('before', () => expect(1 + 1).toBe(2));
      test('fails before', () => expect(1 + 1).toBe(3));
      describe('outer', () => {
        test('takes all', () => void take(900));
        test('after', () => undefined);
      });`,
    early: `take(900); test('never', () => undefined);`,
    // Of files that it does not know, Vitest begins with the largest.
    first: `test('adds', () => note('first ran')); // ${'.'.repeat(2000)}`,
  };

  test('with evidence, the error of a file tells what filled the memory', async () => {
    project = new VitestProject({ ...LIMITED, evidence: { dir: 'evidence', at: '80%' } });
    project.file(
      'slow',
      `test('takes', async () => {
        for (const taken = []; ; taken.push(take(1))) await new Promise((resolve) => setTimeout(resolve, 10));
      }, 60_000);`,
    );
    const { files: ran } = await project.run();
    expect(Object.values(ran['slow']?.tests ?? {})).toEqual([
      {
        status: 'failed',
        message: expect.stringMatching(
          /of 300 MiB\. Peak: \S+ MiB\n\S+ MiB of 300 MiB were held: .*\nnode.* \(pid \d+\) held .*\nAll of it: .*evidence-/,
        ),
      },
    ]);
    expect(readdirSync(join(project.user.directory, 'evidence'))).toHaveLength(1);
  });

  const kept: [string, string[]][] = [
    ['kept', ['--no-isolate', '--maxWorkers=2']],
    ['in one worker', ['--no-isolate', '--maxWorkers=1']],
  ];
  test.each<[string, string[]]>([['isolated', []], ...drawn(kept, 1)])(
    '%s: a killed worker fails its file alone, in each report',
    async (_, args) => {
      project = new VitestProject(LIMITED);
      for (const [name, code] of Object.entries(files)) project.file(name, code);
      const run = await project.run(args);
      const killed = (during: string) =>
        expect.stringMatching(
          new RegExp(
            `^${during} for its memory limit of 300 MiB. Peak: (300|299\\.\\d) MiB. Last seen, at [\\d.]+ MiB: [\\d.]+ MiB of programs`,
          ),
        );
      const test_ = killed('greedy.test.js was killed in the test "outer > takes all"');
      expect(run.files).toEqual({
        greedy: {
          status: 'failed',
          message: '',
          tests: {
            before: { status: 'passed', message: '' },
            'fails before': { status: 'failed', message: expect.stringMatching(/expected 2 to be 3/) },
            'outer takes all': { status: 'failed', message: test_ },
            'outer after': { status: 'skipped', message: '' },
          },
        },
        early: { status: 'failed', message: killed('early.test.js was killed'), tests: {} },
        first: { status: 'passed', message: '', tests: { adds: { status: 'passed', message: '' } } },
      });
      expect(project.notes()).toEqual(['first ran']);
      expect(run.stderr).toMatch(/MemoryLimitError: greedy.test.js was killed/);
      expect(run.stderr).not.toMatch(/Unhandled/);
      expect(project.text('report.xml')).toMatch(/<failure message="early.test.js was killed for its memory limit/);
      expect({ code: run.code, left: run.left }).toEqual({ code: 1, left: [] });
    },
  );

  test('of concurrent tests, those that had begun and not ended fail, whatever their tries before', async () => {
    project = new VitestProject(LIMITED, 'maxConcurrency: 4');
    project.file(
      'a',
      `const later = [];
      const waits = (name) => {
        later.push(name);
        return new Promise(() => undefined);
      };
      let tries = 0;
      let rounds = 0;
      describe.concurrent('all', () => {
        test('had passed', () => undefined);
        test('had failed', () => expect(1).toBe(2));
        test('had skipped itself', ({ skip }) => skip());
        test('tries again', { retry: 1 }, () => {
          tries += 1;
          return tries === 1 ? Promise.reject(new Error('once')) : waits('tries again');
        });
        test('repeats', { repeats: 1 }, () => {
          rounds += 1;
          return rounds === 1 ? undefined : waits('repeats');
        });
        test('goes on', () => waits('goes on'));
        test('takes all', async () => {
          await until(() => later.length === 3);
          take(900);
        });
        test('had not begun', () => undefined);
      });`,
    );
    const { files: ran, code, left } = await project.run();
    const failed = {
      status: 'failed',
      message: expect.stringMatching(
        /^a.test.js was killed in the test "all > tries again, all > repeats, all > goes on, all > takes all" for its memory/,
      ),
    };
    expect(ran).toEqual({
      a: {
        status: 'failed',
        message: '',
        tests: {
          'all had passed': { status: 'passed', message: '' },
          'all had failed': { status: 'failed', message: expect.stringMatching(/expected 1 to be 2/) },
          'all had skipped itself': { status: 'skipped', message: '' },
          'all tries again': failed,
          'all repeats': failed,
          'all goes on': failed,
          'all takes all': failed,
          'all had not begun': { status: 'skipped', message: '' },
        },
      },
    });
    const cases = project.text('report.xml').split('<testcase ').slice(1);
    expect(cases.map((each) => each.match(/<(failure|skipped)/)?.[1])).toEqual([
      undefined,
      'failure',
      'skipped',
      ...Array(4).fill('failure'),
      'skipped',
    ]);
    expect({ code, left }).toEqual({ code: 1, left: [] });
  });

  test('runs one file at a time while nothing is known, and then as many as fit the total', async () => {
    project = new VitestProject({ memory: '300M', total: '400M' });
    for (const name of ['a', 'b', 'c']) project.file(name, NOTED);
    expect((await project.run(['--maxWorkers=3'])).code).toBe(0);
    expect(mostAtATime(project.notes())).toBe(1);
    project.user.write('notes.txt', '');
    expect((await project.run(['--maxWorkers=3'])).code).toBe(0);
    expect(mostAtATime(project.notes().filter((note) => note !== ''))).toBeGreaterThan(1);
  });

  test('a file that was killed for the total runs again, alone', async () => {
    project = new VitestProject({ memory: '300M', total: '420M' });
    // Small at first, so that both are let in together; then large, at the same time.
    const code = `
      const mine = basename(import.meta.filename)[0];
      const other = mine === 'a' ? 'b' : 'a';
      test('takes what it needs', async () => {
        if (!existsSync('grown')) return;
        const again = existsSync(mine);
        writeFileSync(mine, '');
        if (!again) await until(() => existsSync(other));
        const held = take(200);
        if (!again) await new Promise((resolve) => setTimeout(resolve, 1500));
        expect(held.length).toBeGreaterThan(0);
      }, 30_000);`;
    project.file('a', code);
    project.file('b', code);
    expect((await project.run(['--maxWorkers=2'])).code).toBe(0);
    project.user.write('grown', '');
    const run = await project.run(['--maxWorkers=2']);
    expect(run.stderr).toMatch(
      /^memcage: [ab].test.js was killed in the test "takes what it needs" for the 420 MiB of all tests together: it runs again, alone$/m,
    );
    expect(run.files).toMatchObject({ a: { status: 'passed' }, b: { status: 'passed' } });
    expect({ code: run.code, left: run.left }).toEqual({ code: 0, left: [] });
  });

  test('projects share one total', async () => {
    project = new VitestProject(
      LIMITED,
      `projects: [
        { test: { name: 'one', include: ['a.test.js', 'both.test.js'], pool: caged(options) } },
        { test: { name: 'two', include: ['b.test.js', 'both.test.js'], pool: caged({ ...options, memory: '200M' }) } },
      ]`,
    );
    const code = `
      test('says where it is', () => {
        const path = readFileSync('/proc/self/cgroup', 'utf8').split('\\n').find((line) => /:memory:|^0::/.test(line));
        note(path.split('/').slice(0, -1).join('/') + ' ' + process.constrainedMemory() / 2 ** 20);
      });`;
    for (const name of ['a', 'b', 'both']) project.file(name, code);
    const { code: status, left } = await project.run(['--maxWorkers=2']);
    expect({ status, left }).toEqual({ status: 0, left: [] });
    const notes = project.notes().map((note) => note.split(' '));
    expect(new Set(notes.map(([path]) => path)).size).toBe(1);
    expect(notes.map(([, limit]) => limit).sort()).toEqual(['200', '200', '300', '300']);
  });

  test('refuses another total beside the one that is in use, and runs nothing of it', async () => {
    project = new VitestProject(
      LIMITED,
      `projects: [
        { test: { name: 'one', include: ['a.test.js'], pool: caged(options) } },
        { test: { name: 'two', include: ['b.test.js'], pool: caged({ memory: '200M', total: '3G' }) } },
      ]`,
    );
    project.file('a', `test('waits', () => new Promise((resolve) => setTimeout(resolve, 3000)));`);
    project.file('b', `test('never runs', () => note('it ran'));`);
    const run = await project.run(['--maxWorkers=2']);
    expect(run.stderr).toMatch(
      /All projects share one total, which is 1 GiB here, while a project has 3 GiB: give all of them the same/,
    );
    expect({ code: run.code, left: run.left, notes: project.notes() }).toEqual({ code: 1, left: [], notes: [] });
  });

  test('keeps to execArgv, env and setup files of the project, and passes on what tests write', async () => {
    const setup = "execArgv: ['--title=of-the-project'], env: { GIVEN: 'yes' }, setupFiles: ['./setup.js']";
    project = new VitestProject(LIMITED, setup);
    project.user.write('setup.js', 'globalThis.wasSetUp = true;');
    project.file(
      'a',
      `test('sees it', () => {
        expect([process.title, process.env.GIVEN, globalThis.wasSetUp]).toEqual(['of-the-project', 'yes', true]);
        console.log('said by a test');
        process.stdout.write('written by a test\\n');
      });`,
    );
    const { stdout, code } = await project.run();
    expect({ code, said: stdout.match(/(said|written) by a test/g)?.sort() }).toEqual({
      code: 0,
      said: ['said by a test', 'written by a test'],
    });
  });

  test('a killed worker counts for bail', async () => {
    project = new VitestProject(LIMITED, 'bail: 1');
    project.file('greedy', `test('takes all', () => void take(900)); // ${'.'.repeat(1000)}`);
    project.file('after', `test('never', () => note('it ran'));`);
    const { files: reported, code } = await project.run(['--maxWorkers=1']);
    expect(reported['greedy']?.status).toBe('failed');
    expect({ code, notes: project.notes() }).toEqual({ code: 1, notes: [] });
  });

  test('a file whose worker still starts as the run is cancelled does not run', async () => {
    project = new VitestProject(LIMITED, "bail: 1, execArgv: ['--import=./hold.mjs']");
    // The second worker goes on once the first is gone, which has cancelled the run before.
    project.user.write(
      'hold.mjs',
      `import { readFileSync, writeFileSync } from 'node:fs';
      const isFirst = () => {
        try {
          writeFileSync('first.pid', String(process.pid), { flag: 'wx' });
          return true;
        } catch {
          return false;
        }
      };
      const firstRuns = () => {
        try {
          return process.kill(Number(readFileSync('first.pid', 'utf8')), 0);
        } catch {
          return false;
        }
      };
      if (!isFirst()) {
        writeFileSync('second', '');
        while (firstRuns()) await new Promise((resolve) => setTimeout(resolve, 10));
      }`,
    );
    for (const name of ['a', 'b']) {
      project.file(
        name,
        `test('fails', async () => {
          note('ran');
          await until(() => existsSync('second'));
          throw new Error('fails');
        }, 30_000);`,
      );
    }
    const { code, left } = await project.run(['--maxWorkers=2']);
    expect({ code, left, notes: project.notes() }).toEqual({ code: 1, left: [], notes: ['ran'] });
  });

  test('a worker that ends of itself fails its file alone', async () => {
    project = new VitestProject(LIMITED);
    project.file('a', `test('ends', () => process.kill(process.pid, 'SIGKILL'));`);
    project.file('b', `test('adds', () => undefined);`);
    const { files: reported, code } = await project.run(['--no-isolate', '--maxWorkers=1']);
    expect(reported).toMatchObject({
      a: { tests: { ends: { message: 'The worker ended unexpectedly, by SIGKILL' } } },
      b: { status: 'passed' },
    });
    expect(code).toBe(1);
  });

  test('lists tests', async () => {
    project = new VitestProject(LIMITED);
    project.file('a', `test('one', () => undefined);`);
    const { stdout, code, left } = await project.start(['list']).end;
    expect({ stdout: stdout.trim(), code, left }).toEqual({ stdout: 'a.test.js > one', code: 0, left: [] });
  });
});

describeIf(['linux', 'root', 'cgroup', 'host'], 'where cgroups are read-only', () => {
  test('workers are polled, which is said once, and one that takes too much fails its file', async () => {
    project = new VitestProject(LIMITED);
    project.file(
      'greedy',
      `test('takes all', async () => {
        const held = [];
        for (;;) {
          held.push(take(20));
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }, 30_000);`,
    );
    project.file('a', `test('adds', () => undefined);`);
    const run = await project.run(['--maxWorkers=2'], withReadOnlyCgroups);
    expect(run.stderr.match(/^memcage: .*/gm)).toEqual([
      expect.stringMatching(/^memcage: The memory of the tests is polled: .* ERR_MEMCAGE_NO_\w+: .*/),
    ]);
    expect(run.files).toMatchObject({
      greedy: {
        tests: {
          'takes all': { message: expect.stringMatching(/for its memory limit of 300 MiB, which memcage polls/) },
        },
      },
      a: { status: 'passed' },
    });
    expect(run.code).toBe(1);
  });

  test("nothing runs with enforce: 'kernel'", async () => {
    project = new VitestProject({ ...LIMITED, enforce: 'kernel' });
    project.file('a', `test('never', () => note('it ran'));`);
    const { code, stderr } = await project.run([], withReadOnlyCgroups);
    expect({ code, notes: project.notes() }).toEqual({ code: 1, notes: [] });
    expect(stderr).toMatch(/ERR_MEMCAGE_NO_|read-only/);
  });
});
