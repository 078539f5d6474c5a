import type * as AddonModule from '../../../lib/addon/load-native';
import type * as ProcStatModule from '../../../lib/machine/proc-stat';
import { isOurs } from '../../../lib/placement/find-parent';

/** The parents of processes. */
let parents: Record<number, number>;

jest.mock('../../../lib/addon/load-native', () => ({
  ...jest.requireActual<typeof AddonModule>('../../../lib/addon/load-native'),
  loadNative: () => ({ guardianPid: () => 9 }),
}));
jest.mock('../../../lib/machine/proc-stat', () => ({
  ...jest.requireActual<typeof ProcStatModule>('../../../lib/machine/proc-stat'),
  readProcStat: (pid: number) => {
    const parent = parents[pid];
    if (parent === undefined) throw new Error('no such process');
    return ['S', String(parent)];
  },
}));

const pid = process.pid;
afterEach(() => Object.defineProperty(process, 'pid', { value: pid }));

function ours(self: number): number[] {
  Object.defineProperty(process, 'pid', { value: self });
  return [...Object.keys(parents).map(Number), 0, 77].filter(isOurs);
}

test('a process, its descendants and its guardian are its own', () => {
  parents = { 1: 0, 5: 1, 6: 5, 7: 6, 8: 1, 9: 1 };
  expect(ours(5)).toEqual([5, 6, 7, 9]);
});

test('so they are for the first process of a container, without those that come from outside', () => {
  // An exec of the engine's has no parent here, and what it starts has.
  parents = { 1: 0, 5: 1, 6: 5, 20: 0, 21: 20 };
  expect(ours(1)).toEqual([1, 5, 6]);
});
