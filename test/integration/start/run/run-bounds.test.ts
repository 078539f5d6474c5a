import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCage, type MemberOptions, MemcageError, type RunOptions, run, type SharedCage } from 'memcage';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { endNow, isAlive } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { until } from '../../../support/until';

/** When the run must be stopped. A busy machine has not let the script print by the first of these. */
const DEADLINES_MS = [60, 300, 1500, 5000];
/** How soon after that it must have ended. */
const SETTLES_MS = patience(1000);

/** Each prints the pid of a process that would run, and hold the pipes, for a minute; then it makes the file $PRINTED. */
const SCRIPTS: [string, string][] = [
  ['ends at once, and leaves a process behind', 'sleep 60 & echo $!; : >$PRINTED'],
  ['ignores the signal', 'trap "" TERM; echo $$; : >$PRINTED; exec sleep 60'],
  ['stops itself', 'echo $$; : >$PRINTED; kill -STOP $$'],
  [
    'has a child in a session of its own',
    'setsid sh -c "trap \'\' TERM; echo \\$\\$; : >$PRINTED; exec sleep 60" & wait',
  ],
];

type Options = MemberOptions<RunOptions>;
type Start = (file: string, args: string[], options: Options) => Promise<{ stdout: string }>;

interface End {
  afterMs: number;
  name?: string;
  code?: string;
  /** The pid that the script printed. */
  pid: number;
}

async function endOf(start: (options: Options) => ReturnType<Start>, options: Options): Promise<End> {
  const startMs = performance.now();
  try {
    const { stdout } = await start(options);
    return { afterMs: performance.now() - startMs, pid: Number(stdout) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { name, code, outcome } = error as MemcageError & { outcome: { stdout: string } };
    return { afterMs: performance.now() - startMs, name, code, pid: Number.parseInt(outcome.stdout, 10) };
  }
}

/**
 * The first end that comes soon after its deadline. A run that is not bounded is late each time, and a busy machine is not.
 *
 * @param stopAfter undefined: that was too early to tell
 */
async function soonEnd(
  deadlinesMs: readonly number[],
  stopAfter: (deadlineMs: number) => Promise<End | undefined>,
): Promise<End> {
  const seen: string[] = [];
  for (const deadlineMs of deadlinesMs) {
    const end = await stopAfter(deadlineMs);
    if (end !== undefined && end.afterMs - deadlineMs < SETTLES_MS) return end;
    seen.push(end === undefined ? 'it had printed nothing' : `it ended after ${end.afterMs} ms`);
  }
  throw new Error(`not soon after ${deadlinesMs} ms: ${seen.join(', ')}`);
}

describeIf('cgroup', 'run() is bounded, whoever holds the pipes', () => {
  let cage: SharedCage;
  let scratch: string;
  beforeEach(() => {
    cage = createCage({ memory: '50M' });
    scratch = mkdtempSync(join(tmpdir(), 'memcage-test-'));
  });
  afterEach(() => cage.close());
  afterEach(() => rmSync(scratch, { recursive: true }));
  expectNothingLeft(() => run('true', { memory: '8M' }));

  const ways: [string, Start][] = [
    ['a private cage', (file, args, options) => run(file, args, { ...options, memory: '50M', keepDescendants: true })],
    ['a shared cage', (file, args, options) => cage.run(file, args, options)],
    ['no cage', (file, args, options) => run(file, args, options)],
  ];
  const reasons: [string, (deadlineMs: number) => Options, object][] = [
    ['a deadline', (timeout) => ({ timeout }), { name: 'TimeoutError', code: 'ERR_MEMCAGE_TIMEOUT' }],
    ['an abort', (ms) => ({ signal: AbortSignal.timeout(ms) }), { name: 'AbortError', code: 'ABORT_ERR' }],
  ];

  describe.each(ways)('in %s', (where, start) => {
    describe.each(reasons)('after %s', (_, reason, error) => {
      testRows('a program that', SCRIPTS, async ([, script]) => {
        const printed = join(scratch, 'printed');
        const env = { ...process.env, PRINTED: printed };
        const end = await soonEnd(DEADLINES_MS, async (ms) => {
          rmSync(printed, { force: true });
          const one = await endOf((options) => start('sh', ['-c', script], { ...options, env }), reason(ms));
          if (where === 'no cage' && isAlive(one.pid)) endNow(one.pid);
          // Whether or not run() has got that.
          return existsSync(printed) ? one : undefined;
        });
        // In a shared cage, what a child leaves running is killed when the child ends.
        if (end.name !== undefined || where !== 'a shared cage') expect(end).toMatchObject(error);
        expect(end.pid).toBeGreaterThan(1);
        await until('it is gone', () => !isAlive(end.pid));
      });
    });

    test('a program that ignores the signal, and writes too much', async () => {
      const script = 'trap "" TERM; echo $$; while :; do echo more; done';
      const end = await soonEnd([0, 0, 0], () =>
        endOf((options) => start('sh', ['-c', script], options), { maxBuffer: 1000 }),
      );
      expect(end).toMatchObject({ name: 'RunError', code: 'ERR_MEMCAGE_MAX_BUFFER' });
      await until('it is gone', () => !isAlive(end.pid));
    });
  });

  test('others in the same cage live on', async () => {
    const other = cage.run('sh', ['-c', 'read -r _; echo lives'], { stdio: ['pipe', 'pipe', 'pipe'], input: '' });
    const slow = cage.spawn('sleep', ['60']);
    await expect(cage.run('sh', ['-c', 'trap "" TERM; exec sleep 60'], { timeout: 50 })).rejects.toThrow(MemcageError);
    expect((await other).stdout).toBe('lives\n');
    expect(slow.exitCode ?? slow.signalCode).toBeNull();
    slow.kill('SIGKILL');
    await slow.outcome;
  });
});
