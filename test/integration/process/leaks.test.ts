import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { starts } from '../../support/children/starts';
import { stockSurvivesRefusals } from '../../support/children/stock-spawn';
import { patience } from '../../support/patience';

jest.setTimeout(patience(60_000));

const run = promisify(execFile);
const fixture = (name: string): string => resolve(__dirname, '../../fixtures', name);

async function output(file: string, args: string[]): Promise<string> {
  return (await run(file, args, { timeout: patience(60_000) })).stdout;
}

/** With fewer, what the heap differs by itself would count. */
const SWAPS = Math.max(2000, starts(10_000));
/** Of Node's own handle, where libuv does not let it be closed: see retire() in lib/process/swap-handle.ts. */
const REST_BYTES = 130;

test(`${SWAPS} swaps leave the heap as it was, but for what stays of Node's own handle`, async () => {
  const growthBytes = Number(await output(process.execPath, ['--expose-gc', fixture('swap-heap.js'), `${SWAPS}`]));
  expect(growthBytes).toBeLessThan(REST_BYTES * SWAPS);
});

test('what is stored in the async context of a spawn does not outlive it', async () => {
  // The stack may still hold the last one.
  expect(Number(await output(process.execPath, ['--expose-gc', fixture('swap-stores.js')]))).toBeLessThan(3);
});

describe('a full fd table', () => {
  const FREE = [0, 1, 2, 3, 4, 5];
  const results = async (mode: string): Promise<{ results: { events: unknown[][] }[]; leaked: number }[]> => {
    const words = [process.execPath, fixture('emfile.js'), mode, ...FREE.map(String)];
    return JSON.parse(await output('sh', ['-c', 'ulimit -n 80; exec "$0" "$@"', ...words]));
  };

  test('with 0 to 5 fds free: EMFILE as Node reports it, and nothing is left', async () => {
    const swapped = await results('swapped');
    const told = swapped.map(({ results: each, leaked }) => [
      ...each.map(({ events }) => events[0]?.join(' ')),
      leaked,
    ]);
    expect(told).toEqual(FREE.map(() => [...Array(5).fill('error EMFILE'), 'spawn ', 0]));
    if (!stockSurvivesRefusals) return;
    const stock = await results('stock');
    expect(stock.map(({ results: each }) => each)).toEqual(swapped.map(({ results: each }) => each));
  });
});

describe('an event loop with nothing but a child of ours', () => {
  test.each([
    ['ref', '0.3', 'the child has ended'],
    ['unref', '1000', 'the loop has ended'],
    ['unref-ref', '0.3', 'the child has ended'],
  ])('%s, a child of %s s: %s', async (mode, seconds, first) => {
    expect(await output(process.execPath, [fixture('unref.js'), mode, seconds])).toBe(first);
  });
});

test('the permission model forbids our children as well', async () => {
  const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
  const flags = process.allowedNodeEnvironmentFlags.has('--allow-addons') ? ['--allow-addons'] : [];
  const args = [flag, ...flags, '--allow-fs-read=*', fixture('permission.js')];
  expect(await output(process.execPath, args)).toBe('ERR_ACCESS_DENIED');
});

test('a living child holds no copy of its environment', async () => {
  const bytes = Number(await output(process.execPath, ['--expose-gc', fixture('live-children.js')]));
  expect(bytes).toBeLessThan(50_000);
});
