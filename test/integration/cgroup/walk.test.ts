import { mkdirSync, rmdirSync } from 'node:fs';
import { run } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { enableMemory, mountPoint, version } from '../../support/cgroups/cgroup-tree';
import { strangers } from '../../support/cgroups/strangers';
import { withCode } from '../../support/error-code';
import { openFdCount } from '../../support/processes/fds';
import { describeIf } from '../../support/require';

describeIf('cgroup', `walking through cgroups on v${version}`, () => {
  const { make } = strangers();

  function makeTree(): string {
    const path = make();
    for (const name of ['a', 'b', 'a/c', 'a/c/d']) mkdirSync(`${path}/${name}`);
    return path;
  }

  function below(cgroup: Cgroup): string[] {
    return Array.from(cgroup.descendants(), (each) => {
      each.close();
      return each.path.slice(cgroup.path.length + 1);
    });
  }

  test('descendants() has all below, level by level, and takes no fd that it does not give back', () => {
    const fds = openFdCount();
    {
      using top = Cgroup.open(makeTree());
      const found = below(top);
      expect(found.slice(0, 2).sort()).toEqual(['a', 'b']);
      expect(found.slice(2)).toEqual(['a/c', 'a/c/d']);
      // A walk that is not finished.
      for (using each of top.descendants()) {
        expect(each).toBeInstanceOf(Cgroup);
        expect(each.version).toBe(version);
        break;
      }
    }
    expect(openFdCount()).toBe(fds);
  });

  test('each is a handle of its own, and the walk goes on without the one that it began with', () => {
    const top = Cgroup.open(makeTree());
    const handles: Cgroup[] = [];
    for (const each of top.descendants()) {
      top.close();
      handles.push(each);
    }
    expect(handles.length).toBe(4);
    expect(handles.map((each) => each.pids())).toEqual([[], [], [], []]);
    for (const each of handles) each.close();
  });

  test('what is removed meanwhile is left out', () => {
    using top = Cgroup.open(makeTree());
    const found: string[] = [];
    for (using each of top.descendants()) {
      if (found.length === 0) for (const name of ['a/c/d', 'a/c']) rmdirSync(`${top.path}/${name}`);
      found.push(each.path.slice(top.path.length + 1));
    }
    expect(found.sort()).toEqual(['a', 'b']);
  });

  test('roots() are the mount points, and all is below them', () => {
    const path = make();
    const roots = Cgroup.roots();
    expect(roots[0]?.path).toBe(mountPoint('memory'));
    const all = roots.flatMap((root) => below(root).map((name) => `${root.path}/${name}`));
    for (const root of roots) root.close();
    expect(all).toContain(path);
  });

  test('details() has what an outcome has', async () => {
    const path = make();
    if (version === 2) enableMemory(path);
    using top = Cgroup.open(path);
    expect(top.details()).toEqual({
      highBytes: version === 1 ? null : Number.POSITIVE_INFINITY,
      limitHits: 0,
      highHits: version === 1 ? null : 0,
      swapPeakBytes: top.details().swapPeakBytes,
      pressure: version === 1 ? null : { someMs: expect.any(Number) as number, fullMs: expect.any(Number) as number },
    });
    const { memory } = await run('true', { memory: '8M', memoryDetails: true });
    expect(Object.keys(top.details())).toEqual(Object.keys(memory.details ?? {}));
  });

  test('containerName() of what is no container is null; closed, it says so', () => {
    const own = Cgroup.open(make());
    expect(own.containerName()).toBeNull();
    own.close();
    expect(() => own.containerName()).toThrow(withCode('CLOSED'));
  });
});
