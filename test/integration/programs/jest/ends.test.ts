import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withReadOnlyCgroups } from '../../../support/cgroups/read-only-cgroups';
import { drawn } from '../../../support/drawn';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { jestProjects } from '../../../support/test-runners/jest-project';
import { until } from '../../../support/until';

jest.setTimeout(patience(90_000));

const LIMITS = { memory: '200M', total: '1G' };
const PID = "require('node:fs').appendFileSync('pids', process.pid + '\\n');";
const WAITS = `${PID} test('waits', () => new Promise(() => {}), 600_000);`;
/** So slowly that no brake is put on it. */
const TAKES_SLOWLY = `for (const taken = []; ; taken.push(Buffer.alloc(2 ** 18, 1))) await new Promise((resolve) => setTimeout(resolve, 2));`;
/** Takes as fast as it can, again and again until it has a brake, and ends by itself then. */
const ENDS_BRAKED = `
  const { readFileSync } = require('node:fs');
  require('node:v8').setFlagsFromString('--expose-gc');
  const collect = require('node:vm').runInNewContext('gc');
  const isBraked = () => !/^Max data size +unlimited/m.test(readFileSync('/proc/self/limits', 'utf8'));
  const takeOnce = () => {
    const taken = [];
    // Whoever looks sees it there.
    for (let end = Infinity; performance.now() < end; ) {
      if (isBraked()) process.exit(3);
      if (process.memoryUsage.rss() < 385 * 2 ** 20) taken.push(Buffer.alloc(2 ** 21, 1));
      else end = Math.min(end, performance.now() + 100);
    }
  };
  for (;;) {
    takeOnce();
    collect();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }`;
const TAKES = 'const taken = []; for (let i = 0; i < 40; i += 1) taken.push(Buffer.alloc(10 * 2 ** 20, 1));';

describeIf(['cgroup', 'host'], 'memcage/jest: how it ends', () => {
  let directory = '';
  const makeProject = jestProjects();
  const make = (...of: Parameters<typeof makeProject>) => {
    const project = makeProject(...of);
    directory = project.directory;
    return project;
  };

  const pids = () => {
    const file = join(directory, 'pids');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').map(Number) : [];
  };
  const runs = (pid: number) => existsSync(`/proc/${pid}`);
  const gone = () => until('no worker', () => !pids().some(runs));

  // Jest ends in one way at those that it can hear.
  const signals: NodeJS.Signals[] = [...drawn(['SIGINT', 'SIGTERM'] as const, 1), 'SIGKILL'];
  testRows('by a signal nothing is left', signals, async (signal) => {
    const { start } = make(LIMITS, { 'a.test.cjs': WAITS, 'b.test.cjs': WAITS });
    const jest = start(['--maxWorkers=2']);
    await until('two workers', () => pids().length === 2);
    signalAll(pids(), signal);
    await jest.end;
    await gone();
  });

  test('watch mode: a killed file runs again once it is changed, in another worker', async () => {
    const { start, write, directory } = make(LIMITS, {
      'a.test.cjs': `${PID} test('takes', () => { ${TAKES} });`,
      'b.test.cjs': `${PID} test('adds', () => {});`,
    });
    const jest = start(['--watchAll', '--json', '--outputFile=report.json']);
    const failed = () => lastReport(directory)?.numFailedTests;
    await until('a report', () => failed() === 1);
    write('a.test.cjs', `${PID} test('takes no more', () => {});`);
    await until('another report', () => failed() === 0);
    await gone();
    const { left } = await jest.stop();
    expect({ left, workers: new Set(pids()).size > 1 }).toEqual({ left: [], workers: true });
  });

  test('where no cgroup can be made it is polled, which is said once', async () => {
    const { run } = make(
      { memory: '200M', total: '1G' },
      {
        'a.test.cjs': `test('takes', async () => { ${TAKES_SLOWLY} }, 60_000);`,
        'b.test.cjs': "test('adds', () => {});",
      },
    );
    const { code, tests, messages, stderr } = await run(['--maxWorkers=2'], { through: withReadOnlyCgroups });
    expect({ code, tests }).toEqual({ code: 1, tests: { 'a: takes': 'failed', 'b: adds': 'passed' } });
    expect(messages['a']).toMatch(
      /a\.test\.cjs was killed in the test "takes" for its memory limit of 200 MiB, which memcage polls/,
    );
    expect(stderr.match(/^memcage: .*polled/gm)).toHaveLength(1);
    await gone();
  });

  test('polled, one that was perhaps refused memory says so, and is not tried again', async () => {
    const { run } = make(
      { memory: '400M' },
      { 'a.test.cjs': `${PID} test('takes', async () => { ${ENDS_BRAKED} }, 60_000);` },
    );
    // Also on a busy machine it is to be fast, and memcage to look in time.
    const through = (command: readonly string[]) => ['nice', '-n', '-20', ...withReadOnlyCgroups(command)];
    const { code, tests, messages } = await run([], { through });
    expect({ code, tests }).toEqual({ code: 1, tests: { 'a: takes': 'failed' } });
    expect(messages['a']).toMatch(
      /a\.test\.cjs ended in the test "takes" with exit code 3, perhaps refused memory at a memory limit of 400 MiB that memcage polls\. Peak/,
    );
    expect(pids()).toHaveLength(1);
  });

  test('a run that was interrupted does not go on with the next runner', async () => {
    const project = (name: string, memory: string) => ({
      displayName: name,
      rootDir: `<rootDir>/${name}`,
      runner: ['memcage/jest', { memory }],
      transform: {},
    });
    const fails = `${PID} test('fails', () => expect(1).toBe(2));`;
    const { start, directory } = make(
      LIMITS,
      { 'one/a.test.cjs': fails, 'two/b.test.cjs': fails },
      { projects: [project('one', '200M'), project('two', '300M')] },
    );
    const jest = start(['--watchAll', '--bail', '--json', '--outputFile=report.json']);
    await until('a report', () => lastReport(directory)?.numFailedTests === 1);
    const { left } = await jest.stop();
    expect({ left, ran: pids().length }).toEqual({ left: [], ran: 1 });
  });

  test("where the kernel has to hold the limits and can't, nothing runs", async () => {
    const { run } = make({ ...LIMITS, enforce: 'kernel' }, { 'a.test.cjs': PID });
    const { code, stderr } = await run([], { through: withReadOnlyCgroups });
    expect(stderr).toMatch(/No cgroup|read-only/);
    expect({ code, ran: pids() }).toEqual({ code: 1, ran: [] });
  });
});

function lastReport(directory: string): { numFailedTests: number } | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, 'report.json'), 'utf8')) as { numFailedTests: number };
  } catch {
    return undefined;
  }
}

/** To the Jest whose workers these are. */
function signalAll(workers: readonly number[], signal: NodeJS.Signals): void {
  const parents = workers.map((pid) => Number(/^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]));
  for (const pid of new Set(parents)) process.kill(pid, signal);
}
