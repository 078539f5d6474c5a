import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { cloneTwice, type Report } from '../../support/native/clone-fixture';
import { makeFifo, temporaryDirectory } from '../../support/native/native-child';
import { WAYS } from '../../support/native/starter';
import { KILLED_BY_WATCHDOG, meddling } from '../../support/native/watchdog';
import { patience } from '../../support/patience';

const { SIGSTOP } = constants.signals;

/**
 * Its limits where a test waits for it, after having done something to the child. A busy machine may be too late with that
 * for the first: then the other counts.
 */
const LIMITS_MS = [200, Math.min(4000, patience(1500))];

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
    expect(report).toEqual(KILLED_BY_WATCHDOG);
    expect(Math.min(...report.attempts.map(({ ms }) => ms))).toBeGreaterThanOrEqual(watchdogMs - 1);
  });

  test.each(WAYS)('kills a child that someone has stopped ($how)', async ({ way }) => {
    let stopped: number[] = [];
    let report: Report | undefined;
    for (const watchdogMs of LIMITS_MS) {
      stopped = [];
      report = await meddling({ fullPipe: pipe, options: { ...way, watchdogMs } }, (child) => {
        process.kill(child, SIGSTOP);
        stopped.push(child);
      });
      if (stopped.length === 2) break;
    }
    expect(report).toEqual(KILLED_BY_WATCHDOG);
    expect(stopped).toHaveLength(2);
  });

  test('sees a frozen v1 cgroup by its freezer.state, and thaws it so that the kill takes', async () => {
    const thaw = join(directory, 'freezer.state');
    let soonest = Number.POSITIVE_INFINITY;
    for (const watchdogMs of LIMITS_MS) {
      writeFileSync(thaw, 'FROZEN\n');
      const report = await cloneTwice({ fullPipe: pipe, thaw, options: { watchdogMs } });
      expect(report).toEqual(KILLED_BY_WATCHDOG);
      const [first, second] = report.attempts;
      // It is THAWED by then, so the second child hangs for the whole time.
      expect(second.ms).toBeGreaterThanOrEqual(watchdogMs - 1);
      expect(readFileSync(thaw, 'utf8')).toMatch(/^THAWED/);
      soonest = first.ms - watchdogMs;
      if (soonest < 0) break;
    }
    expect(soonest).toBeLessThan(0);
  });
});
