import { join } from 'node:path';
import { oversee } from '../../support/proving/oversee';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';

const STARTS = join(__dirname, '../../fixtures/start/starts.js');
const FEW = 10;
const MANY = 30;

/** What memcage calls for one start in a series: in this process, the watcher, the starter, and the child until its program. */
async function callsOf(kind: string): Promise<number> {
  const count = async (starts: number): Promise<number> => {
    const { status, points, stderr } = await oversee([process.execPath, STARTS, kind, String(starts)], {
      always: true,
    });
    if (status !== 0) throw new Error(stderr);
    return points.length;
  };
  return ((await count(MANY)) - (await count(FEW))) / (MANY - FEW);
}

/**
 * A figure without the noise of times. It grows when a start does more: then say what for. A timer that fires or not, or an
 * event that comes alone or with another, makes a difference of one or two.
 */
describeIf(['hybrid', 'pids', 'cpu', 'root', 'seccomp', 'host'], 'the system calls of a start', () => {
  const most: [kind: string, calls: number][] = [
    ['private', 102],
    ['sides', 125],
    ['namespaces', 100],
    ['shared', 198],
  ];

  testRows('are no more than', most, async ([kind, calls]) => {
    expect(await callsOf(kind)).toBeLessThanOrEqual(calls);
  });
});
