import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { native } from 'memcage/native';
import { makeCgroup, write } from '../../support/cgroups/cgroup-tree';
import {
  cloneTwice,
  failedAt,
  type Report,
  type Scenario,
  startCloningTwice,
  twice,
} from '../../support/native/clone-fixture';
import { cloneOptions, finish, makeFifo, startChild, temporaryDirectory } from '../../support/native/native-child';
import { WAYS } from '../../support/native/starter';
import { patience } from '../../support/patience';
import { readIfThere } from '../../support/processes/processes';
import { describeIf } from '../../support/require';

const { ETIMEDOUT } = constants.errno;
const { SIGSTOP } = constants.signals;

const KILLED = twice(failedAt('watchdog', ETIMEDOUT, '/bin/true'));
/** The watchdog's limit, far beyond the time within which it must notice a frozen child. Only a test that fails waits for it. */
const LATE_MS = Math.min(30_000, patience(15_000));
const SOON_MS = LATE_MS / 3;
/** Its limit where a test waits for it, after having done something to the child. */
const WAITED_MS = Math.min(4000, patience(1500));
/** How often the watchdog looks. */
const LOOK_MS = 20;

function expectKilledSoon(report: Report): void {
  expect(report).toEqual(KILLED);
  expect(Math.max(...report.attempts.map(({ ms }) => ms))).toBeLessThan(SOON_MS);
}

/** Runs a scenario, and does something to each child that it blocks. */
async function meddling(scenario: Scenario, meddle: (child: number) => void): Promise<Report> {
  const fixture = startCloningTwice(scenario);
  const seen = new Set<number>();
  const timer = setInterval(() => {
    const [starter] = scenario.options.starter === undefined ? [] : childrenOf(fixture.pid);
    for (const child of childrenOf(fixture.pid)) {
      if (child === starter) continue;
      if (!seen.has(child)) meddle(child);
      seen.add(child);
    }
  }, 5);
  try {
    const { stdout } = await fixture.end;
    return JSON.parse(stdout) as Report;
  } finally {
    clearInterval(timer);
  }
}

function childrenOf(pid: number): number[] {
  return (readIfThere(`/proc/${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number);
}

describe('the watchdog', () => {
  let directory: string;
  let pipe: string;

  beforeEach(() => {
    directory = temporaryDirectory();
    pipe = join(directory, 'pipe');
    makeFifo(pipe);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test.each(WAYS)('kills a child that hangs, not before its time ($how)', async ({ way }) => {
    const watchdogMs = 300;
    const report = await cloneTwice({ fullPipe: pipe, options: { ...way, watchdogMs } });
    expect(report).toEqual(KILLED);
    expect(Math.min(...report.attempts.map(({ ms }) => ms))).toBeGreaterThanOrEqual(watchdogMs - 1);
  });

  test.each(WAYS)('kills a child that someone has stopped ($how)', async ({ way }) => {
    const stopped: number[] = [];
    const report = await meddling({ fullPipe: pipe, options: { ...way, watchdogMs: WAITED_MS } }, (child) => {
      process.kill(child, SIGSTOP);
      stopped.push(child);
    });
    expect(report).toEqual(KILLED);
    expect(stopped).toHaveLength(2);
  });

  test('sees a frozen v1 cgroup by its freezer.state, and thaws it so that the kill takes', async () => {
    const thaw = join(directory, 'freezer.state');
    writeFileSync(thaw, 'FROZEN\n');
    const report = await cloneTwice({ fullPipe: pipe, thaw, options: { watchdogMs: WAITED_MS } });
    // It is THAWED by then, so the second child hangs for the whole time.
    expect(report).toEqual(KILLED);
    const [first, second] = report.attempts;
    expect(first.ms).toBeLessThan(WAITED_MS);
    expect(second.ms).toBeGreaterThanOrEqual(WAITED_MS - 1);
    expect(readFileSync(thaw, 'utf8')).toMatch(/^THAWED/);
  });
});

describeIf(['root', 'unified'], 'the watchdog, cloning into a cgroup v2', () => {
  let group: ReturnType<typeof makeCgroup>;

  beforeEach(() => {
    group = makeCgroup(undefined, 'unified');
  });
  afterEach(() => {
    write(group.path, 'cgroup.freeze', '0');
    group.remove();
  });

  test.each(WAYS)('kills a child that is born frozen ($how)', async ({ way }) => {
    write(group.path, 'cgroup.freeze', '1');
    expectKilledSoon(await cloneTwice({ into: group.path, options: { ...way, watchdogMs: LATE_MS } }));
  });

  test('gives each child of a series its time: its timer goes on from one to the next', () => {
    write(group.path, 'cgroup.freeze', '1');
    const intoCgroupFd = native.openDirectory({ path: group.path });
    native.startWatcher({ onEvents: () => {} });
    try {
      for (const sinceTheLastMs of [5, 10, 15]) {
        finish(startChild({}));
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, sinceTheLastMs);
        const start = performance.now();
        const result = native.clone(cloneOptions({ intoCgroupFd, watchdogMs: LATE_MS }));
        expect(result).toMatchObject({ stage: 'watchdog', errno: -ETIMEDOUT });
        expect(performance.now() - start).toBeGreaterThan(LOOK_MS - 1);
      }
    } finally {
      native.closeFd({ fd: intoCgroupFd });
    }
  });

  test('kills a child whose ancestor is frozen', async () => {
    const below = join(group.path, 'below');
    mkdirSync(below);
    write(group.path, 'cgroup.freeze', '1');
    expectKilledSoon(await cloneTwice({ into: below, options: { watchdogMs: LATE_MS } }));
  });

  test('kills a child that is frozen on its way to exec', async () => {
    const directory = temporaryDirectory();
    const pipe = join(directory, 'pipe');
    makeFifo(pipe);
    try {
      const scenario = { into: group.path, fullPipe: pipe, options: { watchdogMs: LATE_MS } };
      expectKilledSoon(await meddling(scenario, () => write(group.path, 'cgroup.freeze', '1')));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
