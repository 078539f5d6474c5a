import { existsSync } from 'node:fs';
import { createCage, MemcageError, run, spawn } from 'memcage';
import { Cgroup, type Reading, readMany, type SampleField } from 'memcage/cgroup';
import { said } from '../../support/cage-kinds';
import { cgroupOf, files, makeCgroup, mountPoint, version } from '../../support/cgroups/cgroup-tree';
import { whileSteady } from '../../support/cgroups/kernel-figures';
import { withCode } from '../../support/error-code';
import { expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { openFdCount } from '../../support/processes/fds';
import { fillFds } from '../../support/processes/fill-fds';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { thrown } from '../../support/thrown';

jest.setTimeout(patience(30_000));

const HOLDER = `
  process.stdin.once('data', () => process.exit());
  globalThis.held = Buffer.alloc(16 << 20, 1);
  console.log('holds');
`;

/** Fields that the tests' own kernel figures leave out. */
const OTHERS = { kernelBytes: 0, swapBytes: 0, pressure: null, events: {} };

function good<F extends SampleField>(results: readonly (Reading<F> | MemcageError)[]): Reading<F>[] {
  return results.map((result) => {
    if (result instanceof MemcageError) throw result;
    return result;
  });
}

describeIf('cgroup', 'readMany', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  /** Handles on new, empty cgroups. Disposing of the returned object removes them. */
  function makeMany(count: number): { cgroups: Cgroup[]; remove(index: number): void; [Symbol.dispose](): void } {
    const made = Array.from({ length: count }, (_, index) => makeCgroup(`${index + 1}M`));
    const cgroups = made.map(({ path }) => Cgroup.open(path));
    return {
      cgroups,
      remove: (index) => made[index]?.remove(),
      [Symbol.dispose]() {
        for (const cgroup of cgroups) cgroup.close();
        for (const each of made) each.remove();
      },
    };
  }

  test.each([false, true])('has what the files of each say (keepOpen: %s)', async (keepOpen) => {
    const children = (['64M', '80M', '96M'] as const).map((memory) =>
      spawn(process.execPath, ['-e', HOLDER], { memory }),
    );
    for (const child of children) await said(child, 'holds');
    const cgroups = children.map(({ cage }) => cage.cgroup);
    for (let i = 0; i < 2; i += 1) {
      for (const [index, { path }] of cgroups.entries()) {
        const { kernel, taken } = await whileSteady(path, async () => good(readMany(cgroups, { keepOpen }))[index]);
        const { availableBytes, processes, oomKills, limitHits, pageFaults, majorFaults, ...figures } = kernel;
        expect(taken).toMatchObject({ ...figures, events: { max: limitHits, oomKill: oomKills } });
        expect(taken).toMatchObject({
          limitBytes: [64, 80, 96].map((mebibytes) => mebibytes << 20)[index],
          swapBytes: 0,
        });
        expect(taken?.anonBytes).toBeGreaterThan(16 << 20);
        expect(taken?.kernelBytes).toBeGreaterThan(0);
        expect(taken?.pressure === null).toBe(version === 1);
        expect(Object.keys(taken ?? {}).sort()).toEqual(Object.keys({ ...figures, ...OTHERS }).sort());
      }
    }
    for (const child of children) child.stdin.end('end');
    await Promise.all(children.map(({ outcome }) => outcome));
  });

  test('counts events since the cgroup exists', async () => {
    await using cage = createCage({ memory: '24M' });
    for (let i = 0; i < 2; i += 1) await cage.spawn('tail', ['/dev/zero'], { stdio: 'ignore' }).outcome;
    const [first, again] = [1, 2].map(() => good(readMany([cage.cgroup], { fields: ['events'] }))[0]);
    // v1 counts them in the children's leaves.
    expect(first?.events.oomKill).toBe(version === 1 ? 0 : 2);
    expect(again).toEqual(first);
  });

  test('has each in its place, of more than go into a buffer, whatever is asked for', () => {
    using many = makeMany(150);
    const repeated = [...many.cgroups, ...many.cgroups];
    const limits = repeated.map((_, index) => ({ limitBytes: ((index % 150) + 1) << 20 }));
    for (const keepOpen of [false, true, true]) {
      expect(readMany(repeated, { fields: ['limitBytes'], keepOpen })).toEqual(limits);
      const mixed = readMany(new Set(many.cgroups), { fields: ['limitBytes', 'anonBytes', 'limitBytes'], keepOpen });
      expect(mixed).toEqual(limits.slice(0, 150).map((limit) => ({ ...limit, anonBytes: 0 })));
    }
    expect(readMany(many.cgroups, { fields: [] })).toEqual(many.cgroups.map(() => ({})));
    expect(readMany([])).toEqual([]);
  });

  test.each([false, true])('says of one which is gone, or closed, and reads the others (keepOpen: %s)', (keepOpen) => {
    using many = makeMany(5);
    // Whether it has seen them before.
    if (keepOpen) readMany(many.cgroups.slice(0, 3), { keepOpen });
    many.remove(0);
    many.cgroups[1]?.close();
    many.remove(3);
    const results = readMany(many.cgroups, { fields: ['limitBytes', 'anonBytes', 'events'], keepOpen });
    expect(results[0]).toEqual(withCode('NO_CGROUP'));
    expect(results[1]).toEqual(withCode('CLOSED'));
    expect(results[3]).toEqual(withCode('NO_CGROUP'));
    for (const index of [0, 1, 3]) expect(results[index]).toBeInstanceOf(MemcageError);
    for (const index of [2, 4]) expect(results[index]).toMatchObject({ limitBytes: (index + 1) << 20, anonBytes: 0 });
  });

  test('one that was removed and made anew under the same name is gone', () => {
    const made = makeCgroup();
    using cgroup = Cgroup.open(made.path);
    for (const keepOpen of [false, true]) {
      readMany([cgroup], { keepOpen });
    }
    made.remove();
    const again = Cgroup.create(made.path.slice(made.path.lastIndexOf('/') + 1), { parent: cgroupOf('self') });
    for (const keepOpen of [false, true]) {
      expect(readMany([cgroup], { keepOpen })[0]).toEqual(withCode('NO_CGROUP'));
    }
    again.close();
    made.remove();
  });

  test('keeps fds only when asked to, and gives them back', () => {
    using many = makeMany(20);
    const fds = openFdCount();
    const fields = ['usageBytes', 'anonBytes'] as const;
    readMany(many.cgroups, { fields });
    expect(openFdCount()).toBe(fds);
    for (let i = 0; i < 3; i += 1) readMany(many.cgroups, { fields, keepOpen: true });
    expect(openFdCount()).toBe(fds + 40);
    // It can't use the open files, and they stay open.
    readMany(many.cgroups, { fields });
    expect(openFdCount()).toBe(fds + 40);
    many.remove(7);
    readMany(many.cgroups, { fields, keepOpen: true });
    expect(openFdCount()).toBe(fds + 38);
    many.cgroups[3]?.close();
    // That includes its anchor.
    expect(openFdCount()).toBe(fds + 35);
  });

  test('without a free fd it throws, and leaves open what was open before only', () => {
    using many = makeMany(6);
    const fields = ['usageBytes', 'anonBytes'] as const;
    readMany(many.cgroups.slice(0, 1), { fields, keepOpen: true });
    const fds = openFdCount();
    const errors: unknown[] = [];
    for (const [keepOpen, free] of [
      [true, 5],
      [false, 0],
    ] as const) {
      const release = fillFds(free);
      try {
        errors.push(thrown(() => readMany(many.cgroups, { fields, keepOpen })));
      } finally {
        release();
      }
    }
    for (const error of errors) expect(error).toMatchObject({ code: 'EMFILE' });
    expect(openFdCount()).toBe(fds);
    expect(good(readMany(many.cgroups, { fields, keepOpen: true })).length).toBe(6);
  });

  testRows(
    'refuses wrong arguments',
    [
      ['no iterable', 5, {}],
      ['a string', 'abc', {}],
      ['what is no cgroup', ['/'], {}],
      ['options that are none', [], null],
      ['a keepOpen that is no boolean', [], { keepOpen: 1 }],
      ['fields that are none', [], { fields: ['usage'] }],
      ['fields that are no array', [], { fields: 'usageBytes' }],
    ],
    ([, cgroups, options]) => {
      expect(thrown(() => readMany(cgroups as never, options as never))).toMatchObject({
        name: 'TypeError',
        code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
      });
    },
  );

  test('reads of the root of the hierarchy what that has', () => {
    using root = Cgroup.open(mountPoint('memory'));
    for (const keepOpen of [false, true]) {
      const [reading] = good(readMany([root], { fields: ['limitBytes', 'fileBytes'], keepOpen }));
      expect(reading?.limitBytes).toBe(Number.POSITIVE_INFINITY);
      expect(reading?.fileBytes).toBeGreaterThan(0);
      // On v2 the root has no count of its usage.
      const [all] = readMany([root], { keepOpen });
      if (existsSync(`${root.path}/${files.usage}`))
        expect(all).toMatchObject({ usageBytes: expect.any(Number) as number });
      else expect(all).toEqual(withCode('UNSUPPORTED'));
    }
  });
});
