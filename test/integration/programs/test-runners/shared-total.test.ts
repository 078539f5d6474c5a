import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../../../lib/index';
import type { Plan } from '../../../../lib/programs/test-runners/options';
import { SharedTotal } from '../../../../lib/programs/test-runners/shared-total';
import { expectNothingLeft } from '../../../support/nothing-left';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';

const MIB = 2 ** 20;
const PLAN: Plan = {
  memoryBytes: 50 * MIB,
  totalBytes: undefined,
  learnFile: undefined,
  enforce: 'polled',
  evidence: undefined,
};

let root: string;
let owner: object;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'memcage-total-'));
  owner = {};
});
afterEach(() => rmSync(root, { recursive: true }));

describeIf(['cgroup'], 'the total of several projects, while a worker of one runs', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  const other: [string, Partial<Plan>, says: string][] = [
    ['total', { totalBytes: 1024 * MIB }, '1 GiB'],
    ['learnFile', { learnFile: 'learned.json' }, 'learned.json'],
    // Where the kernel can't hold the total, the project would run polled.
    ['enforce', { enforce: 'kernel' }, 'kernel'],
  ];
  testRows('is no other, whichever project comes first', other, async ([option, more, says]) => {
    const another: Plan = { ...PLAN, ...more };
    const orders: [Plan, Plan][] = [
      [PLAN, another],
      [another, PLAN],
    ];
    for (const [plan, second] of orders) {
      const total = SharedTotal.join(plan, owner, root);
      try {
        await total.worker(
          { key: 'a', name: 'a' },
          { plan, start: (cage, limits) => cage.spawn('sleep', ['60'], limits) },
        );
        const message = expect.stringMatching(
          `^All projects share one ${option}, .*${says}.*: give all of them the same$`,
        );
        expect(() => SharedTotal.join(second, owner, root)).toThrow(expect.objectContaining({ option, message }));
        expect(SharedTotal.join({ ...plan, memoryBytes: 40 * MIB }, owner, root)).toBe(total);
      } finally {
        await total.leave(owner);
      }
    }
  });
});
