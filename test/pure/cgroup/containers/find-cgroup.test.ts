import { matchNamed, selectBest } from '../../../../lib/cgroup/containers/find-cgroup';
import { cgroupsBelow, type Walkable } from '../../../../lib/cgroup/directory/walk';
import { ErrorCode, MemcageError } from '../../../../lib/common/errors/errors';

const ONE = '3b9f1c64d7a258e0c1f4a6b8d2e97053c8a1f6e4b7d09325ae4c8f1b6d3e7a90';
const TWIN = `${ONE.slice(0, 12)}${'0'.repeat(52)}`;

/** The cgroups that are found, given the names that engines gave to some of them. */
function find(wanted: string, paths: readonly string[], names: Readonly<Record<string, string>> = {}): string[] {
  const matches = paths.flatMap((path) => {
    const match = matchNamed(path, wanted, () => names[path]);
    return match === undefined ? [] : [{ path, match }];
  });
  return selectBest(matches);
}

describe('what is found', () => {
  const one = `/cg/system.slice/docker-${ONE}.scope`;
  const twin = `/cg/system.slice/docker-${TWIN}.scope`;
  const paths = ['/cg/system.slice', one, twin, `${one}/${ONE}`, '/cg/system.slice/sshd.service'];

  test('one by its id, without what it has inside', () => {
    expect(find(ONE, paths)).toEqual([one]);
    expect(find(ONE.slice(0, 13), paths)).toEqual([one]);
  });

  test('all that begin so', () => {
    expect(find(ONE.slice(0, 12), paths)).toEqual([one, twin]);
    expect(find(ONE.slice(0, 4), paths)).toEqual([one, twin]);
  });

  test('a directory of exactly that name goes before the beginning of an id', () => {
    const named = `/cg/${ONE.slice(0, 12)}`;
    expect(find(ONE.slice(0, 12), [...paths, named])).toEqual([named]);
  });

  test('none', () => {
    expect(find('sshd', paths)).toEqual([]);
    expect(find(ONE.slice(0, 3), paths)).toEqual([]);
  });

  test('one by the name that its engine gave it', () => {
    expect(find('web', paths, { [one]: 'web', [twin]: 'web-2' })).toEqual([one]);
    // A name may look like the beginning of another container's id.
    expect(find(ONE.slice(0, 12), paths, { [twin]: ONE.slice(0, 12) })).toEqual([twin]);
  });

  test('all that have the name, whoever gave it', () => {
    const lxc = '/cg/lxc.payload.web';
    expect(find('web', [...paths, lxc], { [one]: 'web' })).toEqual([one, lxc]);
  });

  test('no engine is asked for a full id', () => {
    const engineName = jest.fn();
    expect(matchNamed(twin, ONE, engineName)).toBeUndefined();
    expect(engineName).not.toHaveBeenCalled();
  });
});

describe('cgroupsBelow', () => {
  interface Tree {
    [name: string]: Tree | ErrorCode;
  }

  class Node implements Walkable<Node> {
    constructor(
      readonly path: string,
      private readonly content: Tree | ErrorCode | undefined,
    ) {}
    children(): string[] {
      if (typeof this.content === 'string') throw new MemcageError(this.content, 'refused');
      return Object.keys(this.content ?? {});
    }
    below(name: string): Node {
      return new Node(`${this.path}/${name}`, typeof this.content === 'object' ? this.content[name] : undefined);
    }
  }

  const tree: Tree = { a: { c: { d: {} } }, gone: ErrorCode.NO_CGROUP, locked: ErrorCode.NO_PERMISSION, b: {} };
  const walk = (content: Tree, options = {}) =>
    Array.from(cgroupsBelow(new Node('', content), options), ({ directory, level }) => `${level} ${directory.path}`);

  test('level by level, past those that vanish or are locked', () => {
    expect(walk(tree)).toEqual(['1 /a', '1 /gone', '1 /locked', '1 /b', '2 /a/c', '3 /a/c/d']);
  });

  test('as many levels as wanted', () => {
    expect(walk(tree, { levels: 2 })).toEqual(['1 /a', '1 /gone', '1 /locked', '1 /b', '2 /a/c']);
    expect(walk(tree, { levels: 0 })).toEqual([]);
  });

  test('no more than the maximum', () => {
    expect(walk(tree, { maximum: 6 })).toHaveLength(6);
    expect(() => walk(tree, { maximum: 5 })).toThrow(expect.objectContaining({ code: 'ERR_MEMCAGE_BUSY' }));
  });

  test('other errors are not passed over', () => {
    expect(() => walk({ a: ErrorCode.BUSY })).toThrow(expect.objectContaining({ code: 'ERR_MEMCAGE_BUSY' }));
  });
});
