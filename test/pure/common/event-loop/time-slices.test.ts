/** @starts-children A Node that must live until everything is handled. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { inTimeSlices } from '../../../../lib/common/event-loop/time-slices';

const root = join(__dirname, '../../../..');
const MANY_MS = 60;

function beBusy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Calls like a thread-safe function: the next call comes before the loop gets a turn. */
const rightAfter = (call: () => void): void => process.nextTick(call);

test('hands on all in their order after the other callbacks of the turn, and before the next what awaited one', async () => {
  const seen: (number | string)[] = [];
  const deliver = inTimeSlices<number>((event) => {
    seen.push(event);
    void Promise.resolve().then(() => seen.push(`awaited ${event}`));
  });
  // What another callback of the same turn has.
  setImmediate(() => seen.push('data'));
  deliver([1, 2]);
  deliver([3]);
  expect(seen).toEqual([]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toEqual(['data', 1, 'awaited 1', 2, 'awaited 2', 3, 'awaited 3']);
});

test('lets timers have their turn when each event brings the next', async () => {
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 1);
  let handled = 0;
  await new Promise<void>((resolve) => {
    const deliver = inTimeSlices<undefined>(() => {
      handled += 1;
      beBusy(1);
      if (handled === MANY_MS) resolve();
      else rightAfter(() => deliver([undefined]));
    });
    deliver([undefined]);
  });
  clearInterval(timer);
  expect(turns).toBeGreaterThanOrEqual(2);
});

test('lets timers have their turn within one long list, of which none is lost', async () => {
  const seen: number[] = [];
  let atFirstTurn: number | undefined;
  setTimeout(() => {
    atFirstTurn = seen.length;
  }, 1);
  const all = Array.from({ length: MANY_MS }, (_, index) => index);
  await new Promise<void>((resolve) => {
    const deliver = inTimeSlices<number>((event) => {
      seen.push(event);
      beBusy(1);
      if (seen.length === all.length + 1) resolve();
    });
    deliver(all);
    expect(seen).toEqual([]);
    // Must not come before those that wait.
    deliver([all.length]);
  });
  expect(seen).toEqual([...all, all.length]);
  expect(atFirstTurn).toBeLessThan(all.length);
});

test('keeps the process alive until all are handled, and no longer', () => {
  const program = `
    const { inTimeSlices } = require(${JSON.stringify(join(root, 'lib/common/event-loop/time-slices'))});
    let count = 0;
    const deliver = inTimeSlices(() => { count += 1; const end = performance.now() + 1; while (performance.now() < end); });
    deliver(Array.from({ length: ${MANY_MS} }));
    process.on('exit', () => console.log(count));`;
  const args = ['--require', join(root, 'test/support/register-ts.js'), '--eval', program];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect({ stdout, stderr }).toEqual({ stdout: `${MANY_MS}\n`, stderr: '' });
});
