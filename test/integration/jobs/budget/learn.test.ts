import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Budget,
  type BudgetOptions,
  createBudget,
  type LearnedJob,
  type LearnOptions,
  MemoryLimitError,
  run,
} from 'memcage';
import { budgetsClosedAfterEach, eventsOf } from '../../../support/budget/budget-after-each';
import { disk } from '../../../support/engines/disk';
import { startFixture } from '../../../support/fixture';
import { expectNothingLeft } from '../../../support/nothing-left';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';
import { until } from '../../../support/until';

const MIB = 2 ** 20;
const CEILING = 256 * MIB;

/** Fills that many MiB twice over, and drops them. */
const fills = (mebibytes: number): [string, string[]] => [
  'perl',
  ['-e', `my $kept = "x" x (${mebibytes} << 20); print length $kept`],
];

describeIf('cgroup', 'a budget that learns', () => {
  // Before the hook that removes their file.
  const makeAny = budgetsClosedAfterEach();
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'memcage-learn-'));
    file = join(directory, 'limits.json');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  expectNothingLeft(() => run('true', { memory: '8M' }));

  function make(learn: LearnOptions = {}): Budget<LearnedJob> {
    const options: BudgetOptions = { memory: CEILING, learn };
    return makeAny(options) as Budget<LearnedJob>;
  }
  /** The limit that a job gets in the end, in bytes. */
  const limitOf = async (budget: Budget<LearnedJob>, key: string, job = fills(10)) =>
    (await budget.run(...job, { key })).memory.limitBytes;

  test('limits a kind of job by what it needs, closer with each job', async () => {
    const budget = make();
    const limits: number[] = [];
    let peakBytes = 0;
    for (let i = 0; i < 6; i += 1) {
      const { memory } = await budget.run(...fills(20), { key: 'k' });
      limits.push(memory.limitBytes);
      peakBytes = Math.max(peakBytes, memory.peakBytes ?? Number.NaN);
    }
    expect(limits[0]).toBe(CEILING);
    expect(limits[1]).toBeLessThan(CEILING / 2);
    expect(limits[5]).toBeLessThan(limits[1] ?? Number.NaN);
    expect(limits[5]).toBeGreaterThan(peakBytes);
    expect(limits[5]).toBeLessThan(peakBytes * 1.4);
    expect(budget.stats()).toMatchObject({ ended: 6, retried: 0, killed: 0 });
  });

  test('runs a job that has grown once more with half as much again, and the next one at once', async () => {
    const budget = make();
    for (let i = 0; i < 4; i += 1) await budget.run(...fills(20), { key: 'k' });
    const events = eventsOf(budget);
    const { memory, stdout } = await budget.run(...fills(28), { key: 'k' });
    expect(stdout).toBe(String(28 * MIB));
    expect(events).toEqual(['started 5', 'ended 5 memory', 'started 5', 'ended 5']);
    expect(budget.stats()).toMatchObject({ ended: 5, retried: 1, killed: 0 });
    expect(await limitOf(budget, 'k', fills(28))).toBeGreaterThan(memory.peakBytes ?? Number.NaN);
    expect(budget.stats()).toMatchObject({ ended: 6, retried: 1, killed: 0 });
  });

  test('tries the ceiling last, and then tells of the kill', async () => {
    const budget = make({ ceiling: '100M' });
    await budget.run(...fills(10), { key: 'k' });
    const limits: number[] = [];
    budget.on('started', ({ memoryBytes }) => limits.push(memoryBytes));
    const failed = await budget.run(...fills(150), { key: 'k' }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(MemoryLimitError);
    const [first = Number.NaN, second = Number.NaN, ...rest] = limits;
    expect(second / first).toBeCloseTo(1.5, 2);
    expect(rest).toEqual([100 * MIB]);
    expect(budget.stats()).toMatchObject({ ended: 2, retried: 2, killed: 1 });
    // The next one is not tried with less.
    expect(await limitOf(budget, 'k')).toBe(100 * MIB);
  });

  test('takes the limit of a job that has one, while nothing is known of its key', async () => {
    const budget = make();
    const limits: number[] = [];
    budget.on('started', ({ memoryBytes }) => limits.push(memoryBytes));
    for (let i = 0; i < 2; i += 1) await budget.run(...fills(10), { key: 'k', memory: '100M' });
    expect(limits[0]).toBe(100 * MIB);
    expect(limits[1]).toBeLessThan(60 * MIB);
  });

  test('has a heap that fits in what it has learned', async () => {
    const budget = make();
    const heaps: (number | undefined)[] = [];
    for (let i = 0; i < 2; i += 1) {
      const { nodeHeap } = await budget.run(...fills(10), { key: 'k', memory: '100M', nodeHeap: '90M' });
      heaps.push(nodeHeap?.limitBytes);
    }
    expect(heaps[0]).toBe(90 * MIB);
    expect(heaps[1]).toBeLessThan(40 * MIB);
  });

  const onDisk = disk() === undefined ? test.skip : test;
  /** Of a file that becomes page cache. */
  const output = () => join(place, 'output');
  let place: string;
  beforeEach(() => {
    place = mkdtempSync(join(disk() ?? tmpdir(), 'memcage-learn-'));
  });
  afterEach(() => rmSync(place, { recursive: true, force: true }));

  onDisk('does not take page cache for a need', async () => {
    const budget = make({ floor: '1M' });
    const limits: number[] = [];
    budget.on('started', ({ memoryBytes }) => limits.push(memoryBytes));
    await budget.run(...fills(10), { key: 'k' });
    for (let i = 0; i < 4; i += 1) {
      const { memory } = await budget.run('dd', ['if=/dev/zero', `of=${output()}`, 'bs=1M', 'count=120'], { key: 'k' });
      // It has filled all there was.
      expect(memory.peakBytes ?? memory.limitBytes).toBeGreaterThan(memory.limitBytes - 2 * MIB);
    }
    expect(Math.max(...limits.slice(2))).toBeLessThanOrEqual(limits[1] ?? Number.NaN);
    expect(budget.stats()).toMatchObject({ ended: 5, retried: 0, killed: 0 });
  });

  onDisk('gives a job that only fills the page cache no more than it was seen to use', async () => {
    const budget = make();
    const limits: number[] = [];
    budget.on('started', ({ memoryBytes }) => limits.push(memoryBytes));
    const write = `dd if=/dev/zero of=${output()} bs=1M count=300 2>/dev/null; sleep 1.3`;
    for (let i = 0; i < 2; i += 1) await budget.run('sh', ['-c', write], { key: 'k' });
    expect(limits[0]).toBe(CEILING);
    expect(limits[1]).toBeLessThan(CEILING / 2);
    expect(budget.stats()).toMatchObject({ ended: 2, retried: 0, killed: 0 });
  });

  test('knows what an earlier budget has learned', async () => {
    const first = make({ file });
    for (let i = 0; i < 3; i += 1) await first.run(...fills(10), { key: 'k' });
    const known = await limitOf(first, 'k');
    await first.close();
    expect(readdirSync(directory)).toEqual(['limits.json']);
    const second = make({ file });
    expect(await limitOf(second, 'k')).toBeLessThanOrEqual(known);
    expect(await limitOf(second, 'other')).toBe(CEILING);
  });

  test('shares a file with other processes, also ones that are killed', async () => {
    // A process that was killed while it saved has left this.
    writeFileSync(`${file}.saving`, 'half');
    const stays = startFixture('jobs/budget/learns.js', file, 'stays', 'stay');
    const closes = startFixture('jobs/budget/learns.js', file, 'closes', 'close');
    const own = make({ file });
    await own.run(...fills(10), { key: 'own' });
    expect(await closes.end).toMatchObject({ code: 0, stderr: '' });
    // It has more to save, and ends with that.
    await until('it has saved', () => existsSync(file) && readFileSync(file, 'utf8').includes('"stays"'));
    stays.process.kill('SIGKILL');
    await stays.end;
    await own.close();
    const later = make({ file });
    const limits = await Promise.all(['stays', 'closes', 'own', 'both'].map((key) => limitOf(later, key)));
    expect(limits.filter((limit) => limit === CEILING)).toEqual([]);
    await later.close();
    expect(readdirSync(directory)).toEqual(['limits.json']);
  });

  test('makes its file where a link leads, though nothing is there yet', async () => {
    mkdirSync(join(directory, 'kept'));
    symlinkSync('kept/limits.json', file);
    const budget = make({ file });
    await budget.run('true', { key: 'k' });
    await budget.close();
    expect(readFileSync(join(directory, 'kept/limits.json'), 'utf8')).toContain('"k"');
    expect(readdirSync(directory)).toEqual(['kept', 'limits.json']);
    expect(readdirSync(join(directory, 'kept'))).toEqual(['limits.json']);
  });

  const LEARNED = '{"format":"limits that memcage learned","version":1,"keys":[]}\n';
  const wrong: [content: string, message: string][] = [
    ['', 'JSON'],
    ['{"name":"package"}', 'it is not a file of learned limits'],
    [LEARNED.slice(0, -5), 'JSON'],
    [LEARNED.replace('[]', '[["k",0,1,[[0,-1]]]]'), 'entry 1 of its keys is not one'],
    [LEARNED.replace(':1', ':2'), 'its version is 2, and this memcage knows 1'],
  ];
  testRows('refuses a file that is something else, and leaves it alone', wrong, ([content, message]) => {
    writeFileSync(file, content);
    const error = thrown(() => createBudget({ memory: CEILING, learn: { file } }));
    expect(error).toMatchObject({ code: 'ERR_MEMCAGE_LEARN_FILE', path: file });
    expect(error.message).toContain(message);
    expect(error.message).toContain(`mv -- ${file} ${file}.old`);
    expect(readFileSync(file, 'utf8')).toBe(content);
    expect(readdirSync(directory)).toEqual(['limits.json']);
  });

  test('refuses a file that it could not save', () => {
    const open = (path: string) => thrown(() => createBudget({ memory: CEILING, learn: { file: path } }));
    expect(open(join(directory, 'no', 'limits'))).toMatchObject({
      code: 'ERR_MEMCAGE_LEARN_FILE',
      errno: -2,
      cure: `mkdir -p -- ${join(directory, 'no')}`,
    });
    symlinkSync('/etc/passwd', `${file}.saving`);
    expect(open(file)).toMatchObject({ cure: `rm -- ${file}.saving, or name another file in learn.file` });
    rmSync(`${file}.saving`);
    mkdirSync(file);
    expect(open(file).message).toContain('it is not a regular file');
    expect(readdirSync(directory)).toEqual(['limits.json']);
  });

  test('tells as it is closed that the file could not be saved', async () => {
    const budget = createBudget({ memory: CEILING, learn: { file } });
    await budget.run('true', { key: 'k' });
    writeFileSync(file, 'no longer ours');
    const closed = once(budget, 'close');
    await expect(budget.close()).rejects.toMatchObject({ code: 'ERR_MEMCAGE_LEARN_FILE' });
    await closed;
    expect(readFileSync(file, 'utf8')).toBe('no longer ours');
  });
});
