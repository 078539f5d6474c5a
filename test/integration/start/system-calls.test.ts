import { join } from 'node:path';
import { oversee, type Point } from '../../support/proving/oversee';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';

const STARTS = join(__dirname, '../../fixtures/start/starts.js');
const FEW = 10;
const MANY = 30;

/** Memcage waits until a cgroup is empty, or for a timer: how often it has to depends on how busy the machine is. */
const IS_WAITED_FOR = /(^|\/)cgroup\.(events|freeze)$|\[timerfd\]$/;
/** Events that would come together come alone on a busy machine: then it wakes more often. */
const isWake = ({ call, subject }: Point): boolean =>
  call === 'poll' || (call === 'read' && subject.endsWith('[eventfd]'));

/** What memcage calls for one start in a series, but for waits and wakes: in this process, the watcher, the starter, and the child until its program. */
async function callsOf(kind: string): Promise<number> {
  const count = async (starts: number): Promise<number> => {
    const { status, points, stderr } = await oversee([process.execPath, STARTS, kind, String(starts)], {
      always: true,
    });
    if (status !== 0) throw new Error(stderr);
    return points.filter((point) => !isWake(point) && !IS_WAITED_FOR.test(point.subject)).length;
  };
  return ((await count(MANY)) - (await count(FEW))) / (MANY - FEW);
}

/** On a busy machine threads share the work otherwise, and fewer cgroups are ready: a start calls no less for that. */
const TRIES = 8;

/** A figure without the noise of times, the least of some tries. It grows when a start does more: then say what for. */
describeIf(['hybrid', 'pids', 'cpu', 'root', 'seccomp', 'host'], 'the system calls of a start', () => {
  const most: [kind: string, calls: number][] = [
    ['private', 93.5],
    ['sides', 118],
    ['namespaces', 91.5],
    ['shared', 181],
  ];

  testRows('are no more than', most, async ([kind, calls]) => {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < TRIES && least > calls; i += 1) least = Math.min(least, await callsOf(kind));
    expect(least).toBeLessThanOrEqual(calls);
  });
});
