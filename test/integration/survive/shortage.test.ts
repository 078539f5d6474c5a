import { type ChildProcessWithoutNullStreams, spawn as nodeSpawn } from 'node:child_process';
import { run } from 'memcage';
import { fixture } from '../../support/cage-kinds';
import { cagesOf, makeCgroup } from '../../support/cgroups/cgroup-tree';
import { delegate } from '../../support/cgroups/delegate';
import { cagesLeft, expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { childrenOf, endNow, processesThatAre, userOf } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

jest.setTimeout(patience(90_000));

/** The output of test/fixtures/cage/shortage.js. */
interface Report {
  pid: number;
  /** By the way to start: '0' or the code of the error; one entry for each amount that was left. */
  rounds: Record<string, string>[];
  after: Record<string, string>;
  before: { fds: number; threads: number };
  now: { fds: number; threads: number };
}

// A user of this run alone: the kernel counts all processes of a user, also those of another run of these tests.
const USER = 1_000_000 + process.pid;
const SPARE_FDS = 4;

describeIf(['cgroup', 'root'], 'the parent runs short', () => {
  let child: ChildProcessWithoutNullStreams | undefined;
  let parent: ReturnType<typeof makeCgroup> | undefined;

  afterEach(async () => {
    const ended = child;
    child = undefined;
    ended?.kill('SIGKILL');
    await until('ended', () => ended?.exitCode !== null || ended.signalCode !== null);
    const place = parent;
    parent = undefined;
    // If the report never came, end the processes that filled the user's limit.
    for (const pid of processesThatAre('sleep 1000')) if (userOf(pid) === USER) endNow(pid);
    await until('removed', () => {
      try {
        place?.remove();
        return true;
      } catch {
        return false;
      }
    });
  });
  expectNothingLeft(() => run('true', { memory: '8M' }));

  async function report(limit: string, ...args: string[]): Promise<Report> {
    const started = nodeSpawn('prlimit', [limit, ...args]);
    child = started;
    let output = '';
    let errors = '';
    started.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    started.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    await until(
      'the report',
      () => output.endsWith('\n') || started.exitCode !== null || started.signalCode !== null,
      60_000,
    );
    expect({ errors, end: started.exitCode ?? started.signalCode }).toEqual({ errors: '', end: null });
    return JSON.parse(output) as Report;
  }

  function expectAsBefore({ pid, after, before, now }: Report): void {
    expect(new Set(Object.values(after))).toEqual(new Set(['0']));
    expect(now.threads).toBeLessThanOrEqual(before.threads);
    expect(now.fds).toBeLessThanOrEqual(before.fds + SPARE_FDS);
    expect(childrenOf(pid)).toEqual([]);
    expect(cagesLeft(pid)).toEqual([]);
  }

  /** Its normal end removes everything, even what it could not remove during the shortage. */
  async function expectNothingAfter({ pid }: Report): Promise<void> {
    child?.stdin.end();
    await until('ended', () => child?.exitCode === 0);
    expect(cagesOf(pid)).toEqual([]);
  }

  test('of fds, at each of them', async () => {
    const result = await report('--nofile=90', process.execPath, fixture('shortage.js'), 'fds');
    const ends = new Set(result.rounds.flatMap((round) => Object.values(round)));
    expect(ends).toEqual(new Set(['0', 'EMFILE']));
    // At first no fd was free, and in the end as many as needed.
    expect(result.rounds[0]).toMatchObject({ run: 'EMFILE', cage: 'EMFILE', detached: 'EMFILE' });
    expect(new Set(Object.values(result.rounds.at(-1) ?? {}))).toEqual(new Set(['0']));
    expectAsBefore(result);
    await expectNothingAfter(result);
  });

  test('of processes', async () => {
    parent = makeCgroup();
    const asUser = delegate(parent.path, { uid: USER, gid: USER });
    const limit = '--nproc=60';
    const result = await report(limit, ...asUser, process.execPath, fixture('shortage.js'), 'processes', parent.path);
    const ends = new Set(result.rounds.flatMap((round) => Object.values(round)));
    expect(ends).toEqual(new Set(['0', 'EAGAIN']));
    expect(new Set(Object.values(result.rounds[0] ?? {}))).toEqual(new Set(['EAGAIN']));
    expect(new Set(Object.values(result.rounds.at(-1) ?? {}))).toEqual(new Set(['0']));
    expectAsBefore(result);
    await expectNothingAfter(result);
  });
});
