import type { Case } from '../support/case';
import { timeStart } from '../support/interleave';
import { cgroupCount, fdCount, heapBytes, threadCount } from '../support/own';
import { caged } from '../support/starts';

const AT_A_TIME = 50;
const MIB = 1024 * 1024;

export const leaks: Case = {
  name: 'leaks',
  async run({ quick }) {
    const starts = quick ? 2000 : 20_000;
    // Code, caches and pools reach their size.
    await storm(2000);
    const before = await snapshot();
    await storm(starts);
    const after = await snapshot();
    const same = (name: 'fds' | 'threads' | 'cgroups') => ({
      measure: `${starts} caged spawns, ${AT_A_TIME} at a time: ${name} after - before`,
      value: `${after[name] - before[name]} (${before[name]} before)`,
      figure: Math.abs(after[name] - before[name]),
      bound: 0,
    });
    const growth = (after.heap - before.heap) / MIB;
    return [
      same('fds'),
      same('threads'),
      same('cgroups'),
      {
        measure: 'the same: JavaScript heap after gc',
        value: `${growth.toFixed(2)} MiB more`,
        figure: growth,
        bound: 2,
      },
    ];
  },
};

async function storm(starts: number): Promise<void> {
  let left = starts;
  const line = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await timeStart(caged);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, line));
}

async function snapshot() {
  // What is closed, or made ahead, in the next turns of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 500));
  return { fds: fdCount(), threads: threadCount(), cgroups: cgroupCount(), heap: heapBytes() };
}
