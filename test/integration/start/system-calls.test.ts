import { join } from 'node:path';
import { oversee } from '../../support/proving/oversee';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';

const STARTS = join(__dirname, '../../fixtures/start/starts.js');
const FEW = 10;
const MANY = 30;

/** Memcage waits until a cgroup is empty: how often it has to depends on how busy the machine is. */
const IS_WAITED_FOR = /(^|\/)cgroup\.(events|freeze)$/;

/** What memcage calls for one start in a series, but for waits: in this process, the watcher, the starter, and the child until its program. */
async function callsOf(kind: string): Promise<number> {
  const count = async (starts: number): Promise<number> => {
    const { status, points, stderr } = await oversee([process.execPath, STARTS, kind, String(starts)], {
      always: true,
    });
    if (status !== 0) throw new Error(stderr);
    return points.filter(({ call, subject }) => call !== 'poll' && !IS_WAITED_FOR.test(subject)).length;
  };
  return ((await count(MANY)) - (await count(FEW))) / (MANY - FEW);
}

/** On a busy machine timers fire, and events that would come together come alone: a start calls no less for that. */
const TRIES = 3;

/** A figure without the noise of times, the least of some tries. It grows when a start does more: then say what for. */
describeIf(['hybrid', 'pids', 'cpu', 'root', 'seccomp', 'host'], 'the system calls of a start', () => {
  const most: [kind: string, calls: number][] = [
    ['private', 99],
    ['sides', 125],
    ['namespaces', 97],
    ['shared', 186],
  ];

  testRows('are no more than', most, async ([kind, calls]) => {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < TRIES && least > calls; i += 1) least = Math.min(least, await callsOf(kind));
    expect(least).toBeLessThanOrEqual(calls);
  });
});
