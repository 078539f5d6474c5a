import * as fc from 'fast-check';
import { type CgroupProcess, inTreeOrder } from '../../../../lib/cgroup/processes/processes';
import { starts } from '../../../support/children/starts';

function processOf(pid: number, parentPid: number): CgroupProcess {
  return { pid, ownPid: pid, parentPid, depth: 0, name: 'a', command: [], rssBytes: 0, pssBytes: null };
}

const order = (...pairs: [pid: number, parentPid: number][]) =>
  inTreeOrder(pairs.map(([pid, parentPid]) => processOf(pid, parentPid))).map(({ pid, depth }) => [pid, depth]);

it('each is followed by its children, in the order of pids', () => {
  expect(order([12, 10], [10, 1], [13, 11], [11, 10], [9, 0])).toEqual([
    [9, 0],
    [10, 0],
    [11, 1],
    [13, 2],
    [12, 1],
  ]);
});

it('a parent may have the higher pid', () => {
  expect(order([5, 900], [900, 1])).toEqual([
    [900, 0],
    [5, 1],
  ]);
});

it('a chain as long as a machine has pids is no problem', () => {
  const chain = Array.from({ length: 32_768 }, (_, index) => processOf(index + 2, index + 1));

  const ordered = inTreeOrder(chain);
  expect(ordered).toHaveLength(chain.length);
  expect(ordered.at(-1)).toMatchObject({ pid: 32_769, depth: 32_767 });
});

it('none is lost, and each comes after its parent', () => {
  // Parents that are listed, others, and 0, as the kernel gives it for a parent outside the PID namespace.
  const parents = fc.array(fc.nat({ max: 40 }), { maxLength: 30 });
  fc.assert(
    fc.property(parents, fc.nat({ max: 5 }), (of, first) => {
      const processes = of.map((parent, index) => processOf(first + index + 1, Math.min(parent, first + index)));
      const ordered = inTreeOrder(processes);
      expect(ordered.map(({ pid }) => pid).sort()).toEqual(processes.map(({ pid }) => pid).sort());
      for (const [index, { depth, parentPid }] of ordered.entries()) {
        const parent = ordered.slice(0, index).find(({ pid }) => pid === parentPid);
        expect(depth).toBe(parent === undefined ? 0 : parent.depth + 1);
      }
    }),
    { numRuns: starts(100) },
  );
});
