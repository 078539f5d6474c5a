import { isOurs } from '../../../../lib/cgroup/placement/find-parent';
import type * as ProcessesModule from '../../../../lib/cgroup/processes/processes';
import type * as ProcStatModule from '../../../../lib/common/machine/proc';
import { type LauncherPlan, launcherArguments } from '../../../../lib/process/launcher/arguments';
import { NO_NAMESPACES } from '../../../../lib/process/namespaces/namespaces';
import { testRows } from '../../../support/rows';

/** The parents of processes. */
let parents: Partial<Record<number | 'self', number>>;
const guardian = (pid: number): string[] => ['memcage-guardian', '1', `--guardian=${pid}`];
/** One guardian that was dismissed, one that is there, one of another process. */
const commands: Record<number, string[]> = {
  8: guardian(5),
  9: guardian(5),
  10: guardian(55),
  11: ['sh', '-c', 'true'],
  12: ['memcage-exec', ...launcherArguments(plan({ init: true })), 'node', 'a.js'],
  13: ['memcage-exec', ...launcherArguments(plan({ init: false, entryPoint: true })), 'node', '--init'],
};

function plan(given: Pick<LauncherPlan, 'init' | 'entryPoint'>): LauncherPlan {
  return { join: [], namespaces: NO_NAMESPACES, settings: {}, ...given };
}

jest.mock('../../../../lib/cgroup/processes/processes', () => ({
  ...jest.requireActual<typeof ProcessesModule>('../../../../lib/cgroup/processes/processes'),
  readCommand: (pid: number) => commands[pid] ?? [],
}));
jest.mock('../../../../lib/common/machine/proc', () => ({
  ...jest.requireActual<typeof ProcStatModule>('../../../../lib/common/machine/proc'),
  readProcStat: (pid: number | 'self') => {
    const parent = parents[pid];
    if (parent === undefined) throw new Error('no such process');
    return ['S', String(parent)];
  },
}));

const { pid, ppid } = process;
afterEach(() => {
  Object.defineProperty(process, 'pid', { value: pid });
  Object.defineProperty(process, 'ppid', { value: ppid });
});

function ours(self: number): number[] {
  Object.defineProperty(process, 'pid', { value: self });
  return [...Object.keys(parents).map(Number), 0, 77].filter(isOurs);
}

test('a process, its descendants and its guardians are its own', () => {
  parents = { 1: 0, 5: 1, 6: 5, 7: 6, 8: 1, 9: 1, 10: 1, 11: 1 };
  expect(ours(5)).toEqual([5, 6, 7, 8, 9]);
});

test('so they are for the first process of a container, without those that come from outside', () => {
  // An exec of the engine's has no parent here, and what it starts has.
  parents = { 1: 0, 5: 1, 6: 5, 20: 0, 21: 20 };
  expect(ours(1)).toEqual([1, 5, 6]);
});

testRows(
  "so is memcage's own init, whatever number it has in /proc",
  [
    // The init of a container or unit is others' too.
    [1, 12, [5, 1]],
    [1, 13, [5]],
    [1, 11, [5]],
    // Another process of the namespace has started it.
    [7, 12, [5]],
  ] as const,
  ([ppidHere, numberInProc, expected]) => {
    Object.defineProperty(process, 'pid', { value: 5 });
    Object.defineProperty(process, 'ppid', { value: ppidHere });
    parents = { self: numberInProc };
    expect([5, 1, 7].filter(isOurs)).toEqual(expected);
  },
);
