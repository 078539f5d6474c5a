import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withReadOnlyCgroups } from '../../../support/cgroups/read-only-cgroups';
import { drawn } from '../../../support/drawn';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { jestProjects } from '../../../support/test-runners/jest-project';

jest.setTimeout(patience(90_000));

const MIB = 2 ** 20;
const inCage = (mib: number): string =>
  `test('limit', () => expect([process.constrainedMemory(), process.env.JEST_WORKER_ID]).toEqual([${mib * MIB}, '1']));`;
const LIMITS = { memory: '200M', total: '1G' };
const PID = "require('node:fs').appendFileSync('pids', process.pid + '\\n');";

describeIf(['cgroup', 'host'], "memcage/jest: Jest's modes", () => {
  const make = jestProjects();

  // With --runInBand it is where a learnFile begins, below, with --maxWorkers=1 where a worker crashes.
  test('also one worker is in a cage, with --workerIdleMemoryLimit', async () => {
    const { run } = make(LIMITS, { 'a.test.cjs': inCage(200) });
    const { tests, code, left } = await run(['--workerIdleMemoryLimit=100MB']);
    expect({ tests, code, left }).toEqual({ tests: { 'a: limit': 'passed' }, code: 0, left: [] });
  });

  test('also the worker of one file is in a cage, and without options it has 1 GiB', async () => {
    const { run } = make(undefined, { 'a.test.cjs': inCage(1024) });
    const { tests, code, left } = await run();
    expect({ tests, code, left }).toEqual({ tests: { 'a: limit': 'passed' }, code: 0, left: [] });
  });

  const refused: [string, { args?: string[]; options?: object; config?: object; says: RegExp }][] = [
    ['threads', { config: { workerThreads: true }, says: /Threads are in the process of Jest.*remove workerThreads/ }],
    ['--detectOpenHandles', { args: ['--detectOpenHandles'], says: /jest --runner=jest-runner --detectOpenHandles/ }],
    ['an unknown option', { options: { memroy: '1G' }, says: /memroy.*memory/ }],
    ['a total below memory', { options: { memory: '2G', total: '1G' }, says: /total/ }],
  ];
  testRows('is refused before anything runs', refused, async ([, { args = [], options = LIMITS, config, says }]) => {
    const { run, directory } = make(options, { 'a.test.cjs': PID }, config);
    const { code, stderr, left } = await run(args);
    expect(stderr).toMatch(says);
    expect({ code, left, ran: existsSync(join(directory, 'pids')) }).toEqual({ code: 1, left: [], ran: false });
  });

  test('a learnFile that is not absolute begins at the root of the project, wherever Jest is started', async () => {
    const { run, directory } = make({ ...LIMITS, learnFile: 'learned.json' }, { 'a.test.cjs': inCage(200) });
    const below = ([node = '', program = '', ...args]: readonly string[]) => [
      ...['sh', '-c', 'mkdir below && cd below && exec "$0" "$@"', node, `../${program}`],
      ...args,
    ];
    const { code, left } = await run(['--runInBand'], { through: below });
    expect({ code, left }).toEqual({ code: 0, left: [] });
    expect(existsSync(join(directory, 'learned.json'))).toBe(true);
  });

  const held: [string, { through?: typeof withReadOnlyCgroups }][] = [
    ['by the kernel', {}],
    ['polled', { through: withReadOnlyCgroups }],
  ];
  testRows('a worker runs many files, and learns of each, until it has grown by a quarter', held, async ([, how]) => {
    const small = `${PID} test('small', () => {});`;
    const learnFile = 'learned.json';
    const { run, directory } = make(
      { memory: '400M', total: '1G', learnFile },
      {
        'a.test.cjs': small,
        'b.test.cjs': small,
        'c.test.cjs': `${PID} test('leaks', () => { process.leak = Buffer.alloc(150 * 2 ** 20, 1); });`,
        'd.test.cjs': `${PID} test('takes', () => { Buffer.alloc(150 * 2 ** 20, 1); });`,
      },
    );
    const { tests, stderr } = await run(['--runInBand'], how);
    expect({ tests, stderr }).toMatchObject({ tests: { 'd: takes': 'passed' } });
    const pids = readFileSync(join(directory, 'pids'), 'utf8').trim().split('\n');
    expect(pids.map((pid) => pids.indexOf(pid))).toEqual([0, 0, 0, 3]);
    const learned = readFileSync(join(directory, learnFile), 'utf8');
    expect(learned.match(/\b[a-d]\.test\.cjs/g)).toEqual(['a', 'b', 'c', 'd'].map((name) => `${name}.test.cjs`));
  });

  test('workerIdleMemoryLimit is as ever: 0 gives each file a worker', async () => {
    const small = `${PID} test('small', () => {});`;
    const { run, directory } = make(LIMITS, { 'a.test.cjs': small, 'b.test.cjs': small }, { workerIdleMemoryLimit: 0 });
    expect((await run()).code).toBe(0);
    expect(new Set(readFileSync(join(directory, 'pids'), 'utf8').trim().split('\n')).size).toBe(2);
  });

  test('projects share one total, and a project with another total has its turn', async () => {
    const files = Object.fromEntries(
      ['one', 'two', 'three'].map((name) => [
        `${name}/${name}.test.cjs`,
        `test('limit of ${name}', () => {
        expect(process.constrainedMemory()).toBe(${200 * MIB});
      });`,
      ]),
    );
    const config = (name: string, total: string) => ({
      displayName: name,
      rootDir: `<rootDir>/${name}`,
      runner: ['memcage/jest', { memory: '200M', total }],
      transform: {},
    });
    const { run } = make(LIMITS, files, {
      projects: [config('one', '1G'), config('two', '1G'), config('three', '2G')],
    });
    const { code, tests, left } = await run(['--maxWorkers=2']);
    expect({ code, tests, left }).toEqual({
      code: 0,
      tests: { 'one: limit of one': 'passed', 'two: limit of two': 'passed', 'three: limit of three': 'passed' },
      left: [],
    });
  });

  test.each(drawn(['babel', 'v8'], 1))('coverage by %s, beside a file that is killed', async (coverageProvider) => {
    const { run, directory } = make(
      LIMITS,
      {
        'half.cjs': 'exports.half = (n) => {\n  if (n < 0) return 0;\n  return n / 2;\n};\n',
        'half.test.cjs': "const { half } = require('./half.cjs'); test('halves', () => expect(half(4)).toBe(2));",
        'takes.test.cjs': "require('./half.cjs'); test('takes', () => { Buffer.alloc(400 * 2 ** 20, 1); });",
      },
      {
        collectCoverage: true,
        coverageProvider,
        coverageReporters: ['json'],
      },
    );
    const { code, tests } = await run();
    expect({ code, tests }).toEqual({ code: 1, tests: { 'half: halves': 'passed', 'takes: takes': 'failed' } });
    const coverage = JSON.parse(readFileSync(join(directory, 'coverage/coverage-final.json'), 'utf8')) as object;
    expect(Object.keys(coverage)).toEqual([join(directory, 'half.cjs')]);
  });

  test('modules of ECMAScript, snapshots, and what workers print', async () => {
    const { run, directory } = make(LIMITS, {
      'a.test.mjs': `import { sep } from 'node:path';
        test('imports', () => { expect({ sep }).toMatchSnapshot(); process.stdout.write('said by a worker\\n'); });`,
    });
    const { code, tests, stdout } = await run(['--ci=false'], { flags: ['--experimental-vm-modules'] });
    expect({ code, tests }).toEqual({ code: 0, tests: { 'a: imports': 'passed' } });
    expect(stdout).toContain('said by a worker');
    expect(readFileSync(join(directory, '__snapshots__/a.test.mjs.snap'), 'utf8')).toContain('"sep": "/"');
  });

  test('a worker that crashes is tried again, and fails its file as ever', async () => {
    const { run, directory } = make(LIMITS, {
      'a.test.cjs': `${PID} test('exits', () => process.exit(3));`,
      'b.test.cjs': "test('kills', () => new Promise(() => process.kill(process.pid, 'SIGKILL')));",
      'c.test.cjs': inCage(200),
    });
    const { code, messages, tests, left } = await run(['--maxWorkers=1']);
    expect(messages['a']).toMatch(/Jest worker encountered 4 child process exceptions, exceeding retry limit/);
    expect(messages['b']).toMatch(
      /A jest worker process \(pid=\d+\) was terminated by another process: signal=SIGKILL/,
    );
    expect({ code, tests, left }).toEqual({ code: 1, tests: { 'c: limit': 'passed' }, left: [] });
    expect(readFileSync(join(directory, 'pids'), 'utf8').trim().split('\n')).toHaveLength(4);
  });
});
