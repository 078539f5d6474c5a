import { combineLimits } from '../../../../lib/cgroup/handle/readings';

const GIB = 2 ** 30;
const none = Number.POSITIVE_INFINITY;

function level(path: string, max = none, high = none) {
  return { path, max, high };
}

describe('combineLimits', () => {
  test('the smallest of the line, with whose it is', () => {
    const levels = [level('/cg/a/b', 3 * GIB, 2 * GIB), level('/cg/a', 2 * GIB), level('/cg', 4 * GIB, GIB)];
    expect(combineLimits(levels, { ramBytes: 8 * GIB, complete: true })).toEqual({
      maxBytes: 2 * GIB,
      maxBy: 'cgroup',
      maxPath: '/cg/a',
      highBytes: GIB,
      highPath: '/cg',
      ramBytes: 8 * GIB,
      complete: true,
    });
  });

  test('the lowest of several that are the same', () => {
    const levels = [level('/cg/a/b'), level('/cg/a', GIB, GIB), level('/cg', GIB, GIB)];
    expect(combineLimits(levels, { ramBytes: 8 * GIB, complete: false })).toMatchObject({
      maxBy: 'cgroup',
      maxPath: '/cg/a',
      highPath: '/cg/a',
      complete: false,
    });
  });

  test('the RAM where no limit is less', () => {
    const ram = { maxBytes: 8 * GIB, maxBy: 'ram', maxPath: null, highBytes: none, highPath: null };
    expect(combineLimits([level('/cg')], { ramBytes: 8 * GIB, complete: true })).toMatchObject(ram);
    expect(combineLimits([level('/cg', 9 * GIB)], { ramBytes: 8 * GIB, complete: true })).toMatchObject(ram);
    expect(combineLimits([level('/cg', 8 * GIB)], { ramBytes: 8 * GIB, complete: true })).toMatchObject({
      maxBy: 'cgroup',
      maxPath: '/cg',
    });
  });

  test("v1's own answer goes before what can be seen", () => {
    const v1 = (hierarchicalMax: number) =>
      combineLimits([level('/cg/a', 3 * GIB), level('/cg', 2 * GIB)], {
        ramBytes: 8 * GIB,
        hierarchicalMax,
        complete: true,
      });
    expect(v1(2 * GIB)).toMatchObject({ maxBytes: 2 * GIB, maxBy: 'cgroup', maxPath: '/cg' });
    expect(v1(GIB)).toMatchObject({ maxBytes: GIB, maxBy: 'hidden', maxPath: null });
    // Without use_hierarchy (before Linux 5.11), the cgroups above impose no limit.
    expect(v1(3 * GIB)).toMatchObject({ maxBytes: 3 * GIB, maxBy: 'cgroup', maxPath: '/cg/a' });
    expect(v1(none)).toMatchObject({ maxBytes: 8 * GIB, maxBy: 'ram', maxPath: null });
  });
});
