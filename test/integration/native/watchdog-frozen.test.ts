import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { native } from 'memcage/native';
import { makeCgroup, members, write } from '../../support/cgroups/cgroup-tree';
import { startFixture } from '../../support/fixture';
import { cloneTwice, type Report } from '../../support/native/clone-fixture';
import { cloneOptions, finish, makeFifo, startChild, temporaryDirectory } from '../../support/native/native-child';
import { WAYS } from '../../support/native/starter';
import { KILLED_BY_WATCHDOG, meddling } from '../../support/native/watchdog';
import { patience } from '../../support/patience';
import { endNow, processesThatAre } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

// Apart from watchdog.test.ts, whose tests no hierarchy makes different: each file runs on cgroup v2 as a whole.

const { ETIMEDOUT } = constants.errno;

/** The watchdog's limit, far beyond the time within which it must notice a frozen child. Only a test that fails waits for it. */
const LATE_MS = Math.min(30_000, patience(15_000));
const SOON_MS = LATE_MS / 3;
/** How often the watchdog looks. */
const LOOK_MS = 20;

function expectKilledSoon(report: Report): void {
  expect(report).toEqual(KILLED_BY_WATCHDOG);
  expect(Math.max(...report.attempts.map(({ ms }) => ms))).toBeLessThan(SOON_MS);
}

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

  test.each(WAYS)('spares one that has its program, whatever its parent has seen of that ($how)', async ({ way }) => {
    const options = cloneOptions({ file: '/bin/sleep', args: ['sleep', '60'], ...way });
    const fixture = startFixture('native/held-parent.js', group.path, options);
    const [tracer] = (await once(fixture.process.stdout as Readable, 'data')) as [Buffer];
    await until('it sleeps', () => processesThatAre('sleep 60').some((pid) => members(group.path).includes(pid)));
    write(group.path, 'cgroup.freeze', '1');
    await sleep(patience(5 * LOOK_MS));
    write(group.path, 'cgroup.freeze', '0');
    endNow(Number(tracer));
    expect(await fixture.end).toMatchObject({ code: 0, stdout: `${String(tracer)}runs\n`, stderr: '' });
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
