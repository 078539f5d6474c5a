import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fixtureResult } from '../../support/fixture';
import { temporaryDirectory } from '../../support/native/native-child';

const NOTHING = { fds: 0, watcherThreads: 0, children: '' };

describe('worker threads', () => {
  test('each see the ends of their own children, at the same time as the main thread', async () => {
    const codes = Array.from({ length: 50 }, (_, code) => code);
    expect(await fixtureResult('native/workers.js', 'codes')).toEqual({ codes: Array(5).fill(codes), left: NOTHING });
  });

  test.each([
    ['terminated with children that it watches', 'watched'],
    ['terminated with children that it has just started', 'unwatched'],
    ['that calls process.exit()', 'exit'],
  ])('one %s leaves no child, fd or thread', async (_, way) => {
    expect(await fixtureResult('native/workers.js', way)).toEqual({ started: 20, left: NOTHING });
  });

  test('one terminated with detached children leaves them running', async () => {
    expect(await fixtureResult('native/workers.js', 'detached')).toEqual({ alive: 20, left: NOTHING });
  });

  test('close nothing of another thread as they end', async () => {
    expect(await fixtureResult('start/api/worker-fds.js')).toEqual({ code: 0, closed: 0 });
  });

  test('can be terminated at any instant', async () => {
    expect(await fixtureResult('native/workers.js', 'storm')).toEqual({ left: NOTHING });
  });
});

describe('the addon loaded twice', () => {
  test('works as two, in two threads each', async () => {
    const directory = temporaryDirectory();
    const copy = join(directory, 'copy.node');
    copyFileSync(join(__dirname, '../../../build/Release/memcage.node'), copy);
    try {
      expect(await fixtureResult('native/two-copies.js', copy)).toEqual({
        same: false,
        ours: [
          [10, 11, 12],
          [13, 14],
        ],
        theirs: [
          [20, 21, 22],
          [23, 24],
        ],
      });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
