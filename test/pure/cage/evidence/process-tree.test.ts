import { type ProcessTree, treeOf } from '../../../../lib/cage/evidence/page/process-tree';
import { MIB, share } from '../../../support/evidence/reports';

const shown = ({ branches }: ProcessTree): string[] =>
  branches.map(({ process: { pid }, depth, totalBytes }) => `${'  '.repeat(depth)}${pid}: ${totalBytes / MIB}`);

describe('the tree of processes', () => {
  test('has children below their parents, the largest families first', () => {
    const all = [share(1, 0, 1), share(2, 1, 5), share(3, 1, 2), share(4, 3, 9), share(5, 99, 20)];
    expect(shown(treeOf(all, 10))).toEqual(['5: 20', '1: 17', '  3: 11', '    4: 9', '  2: 5']);
  });

  test('keeps the largest, and those above them, and counts the rest', () => {
    const all = [share(1, 0, 1), share(2, 1, 2), share(3, 2, 9), share(4, 1, 3), share(5, 1, 4)];
    const tree = treeOf(all, 1);
    expect(shown(tree)).toEqual(['1: 19', '  2: 11', '    3: 9']);
    expect(tree.rest).toEqual({ count: 2, bytes: 7 * MIB });
  });

  test('has all processes where pids were taken anew while they were read', () => {
    expect(shown(treeOf([share(1, 2, 1), share(2, 1, 1), share(3, 3, 1), share(4, 2, 1)], 10)).length).toBe(4);
  });

  test('of a long chain is no matter', () => {
    const chain = Array.from({ length: 20_000 }, (_, index) => share(index + 1, index, 1));
    const { branches, rest } = treeOf(chain, 3);
    expect(branches.length + rest.count).toBe(20_000);
  });
});
