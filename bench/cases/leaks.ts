import type { Case } from '../support/case';
import { AT_A_TIME, heapBytesAllowed, holdingsAround } from '../support/leaks';

const MIB = 1024 * 1024;

export const leaks: Case = {
  name: 'leaks',
  async run({ quick }) {
    const starts = quick ? 2000 : 20_000;
    const { before, after } = await holdingsAround(starts);
    const same = (name: 'fds' | 'threads' | 'cgroups') => ({
      measure: `${starts} caged spawns, ${AT_A_TIME} at a time: ${name} after - before`,
      value: `${after[name] - before[name]} (${before[name]} before)`,
      figure: Math.abs(after[name] - before[name]),
      bound: 0,
    });
    const growth = (after.heapBytes - before.heapBytes) / MIB;
    return [
      same('fds'),
      same('threads'),
      same('cgroups'),
      {
        measure: 'the same: JavaScript heap after gc',
        value: `${growth.toFixed(2)} MiB more`,
        figure: growth,
        bound: heapBytesAllowed(starts) / MIB,
      },
    ];
  },
};
