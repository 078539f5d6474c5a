import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { jestProjects } from '../../../support/test-runners/jest-project';

jest.setTimeout(patience(90_000));

const take = (mib: number) =>
  `const taken = []; for (let i = 0; i < ${mib}; i += 10) taken.push(Buffer.alloc(10 * 2 ** 20, 1));`;
const OK = "test('adds', () => expect(1 + 1).toBe(2));";
/** Takes its memory with another that does so at the same time. */
const together = (own: string, other: string, mib: number) => `
  const { existsSync, writeFileSync } = require('node:fs');
  test('takes', async () => {
    // Jest runs up to twenty files that take less than a second one after the other.
    if (!existsSync('large')) return new Promise((resolve) => setTimeout(resolve, 1200));
    writeFileSync('${own}.there', '');
    const end = Date.now() + 20_000;
    while (!existsSync('${other}.there') && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
    ${take(mib)}
    await new Promise((resolve) => setTimeout(resolve, 500));
  }, 30_000);`;

describeIf(['cgroup', 'host'], 'memcage/jest: a worker that reaches a limit', () => {
  const make = jestProjects();

  test('fails its file alone, with the test that ran, and all that was known of the others in it', async () => {
    const { run } = make(
      { memory: '200M', total: '1G' },
      {
        'greedy.test.cjs': `describe('all', () => {
          test('before', () => {});
          test('takes', () => { ${take(400)} });
          test('after', () => {});
        });`,
        'loads.test.cjs': `${take(400)} ${OK}`,
        'adds.test.cjs': OK,
        'fails.test.cjs': "test('fails', () => expect(1).toBe(2));",
      },
    );
    const { code, tests, messages, left } = await run(['--maxWorkers=2']);
    expect({ code, tests, left }).toEqual({
      code: 1,
      tests: {
        'adds: adds': 'passed',
        'fails: fails': 'failed',
        'greedy: all before': 'passed',
        'greedy: all takes': 'failed',
        'loads: while no test of it ran': 'failed',
      },
      left: [],
    });
    expect(messages['greedy']).toMatch(
      /^ {2}● all › takes\n\n {4}greedy\.test\.cjs was killed in the test "all takes" for its memory limit of 200 MiB\. (Peak: (200|199\.\d) MiB|Last seen)/,
    );
    expect(messages['loads']).toMatch(/loads\.test\.cjs was killed for its memory limit of 200 MiB/);
  });

  test('tells with evidence what filled the memory', async () => {
    const { run, directory } = make(
      { memory: '200M', evidence: { dir: 'evidence', at: '80%' } },
      {
        'slow.test.cjs': `test('takes', async () => {
          for (const taken = []; ; taken.push(Buffer.alloc(2 ** 20, 1))) await new Promise((resolve) => setTimeout(resolve, 10));
        });`,
      },
    );
    const { messages } = await run();
    expect(messages['slow']).toMatch(
      /of 200 MiB\. Peak: \S+ MiB\n +\S+ MiB of 200 MiB were held: .*\n +node \(pid \d+\) held .*\n +All of it: .*evidence-/,
    );
    expect(readdirSync(join(directory, 'evidence'))).toHaveLength(1);
  });

  test('by its JavaScript heap: the same', async () => {
    const { run } = make(
      { memory: '120M', total: '1G' },
      {
        'heap.test.cjs':
          "test('fills', () => { const all = []; for (;;) all.push(new Array(1000).fill(Math.random())); });",
      },
    );
    const { code, tests, messages } = await run();
    expect({ code, tests }).toEqual({ code: 1, tests: { 'heap: fills': 'failed' } });
    expect(messages['heap']).toMatch(/heap\.test\.cjs was killed in the test "fills" for its JavaScript heap/);
  });

  test('names each test that runs at the time', async () => {
    const { run } = make(
      { memory: '200M' },
      {
        'both.test.cjs': `
          test.concurrent('waits', () => new Promise((resolve) => setTimeout(resolve, 10_000)));
          test.concurrent('takes', async () => { await new Promise((resolve) => setTimeout(resolve, 300)); ${take(400)} });`,
      },
    );
    const { tests } = await run();
    expect(tests).toEqual({ 'both: waits': 'failed', 'both: takes': 'failed' });
  });

  test('counts for --bail', async () => {
    const { run } = make(
      { memory: '200M' },
      { 'a.test.cjs': `test('takes', () => { ${take(400)} });`, 'b.test.cjs': OK, 'c.test.cjs': OK },
    );
    const { code, stderr, left } = await run(['--bail', '--maxWorkers=1']);
    expect(stderr).toMatch(/a\.test\.cjs was killed/);
    expect({ code, left, passed: /PASS/.test(stderr) }).toEqual({ code: 1, left: [], passed: false });
  });

  test('of all together: the file runs again, alone, and its need is known from then on', async () => {
    const { run, write } = make(
      { memory: '300M', total: '420M' },
      { 'a.test.cjs': together('a', 'b', 220), 'b.test.cjs': together('b', 'a', 220) },
    );
    expect((await run(['--maxWorkers=2'])).code).toBe(0);
    write('large', '');
    const second = await run(['--maxWorkers=2']);
    expect(second.tests).toEqual({ 'a: takes': 'passed', 'b: takes': 'passed' });
    expect(second.stderr).toMatch(
      /^memcage: [ab]\.test\.cjs was killed in the test "takes" for the 420 MiB of all tests together: it runs again, alone$/m,
    );
    expect({ code: second.code, left: second.left }).toEqual({ code: 0, left: [] });
  });
});
