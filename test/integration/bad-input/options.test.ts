import { type CreateCageOptions, createCage, type MemoryChange, type MemoryOption, run, spawn } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { version } from '../../support/cgroups/cgroup-tree';
import { expectNothingLeft } from '../../support/nothing-left';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { thrown } from '../../support/thrown';

// Everything here could be written by a caller without TypeScript.
type Anything = never;

const NAME = `memcage-test-${process.pid}-bad`;
const SIZE = 'ERR_MEMCAGE_INVALID_SIZE';
const SMALL = 'ERR_MEMCAGE_LIMIT_TOO_SMALL';
const ARGUMENT = 'ERR_MEMCAGE_INVALID_ARGUMENT';

/** Every function that takes limits. With wrong ones, none of them may make anything. */
const takers: Record<string, (memory: MemoryChange) => unknown> = {
  spawn: (memory) => spawn('true', [], { memory: memory as MemoryOption }),
  createCage: (memory) => createCage({ memory: memory as MemoryOption }),
  'Cgroup.create': (memory) => Cgroup.create(NAME, { memory }),
};

describeIf('cgroup', 'memcage refuses', () => {
  expectNothingLeft(() => run('true', [], { memory: '10M' }));

  describe.each(Object.entries(takers))('by %s', (_, take) => {
    testRows(
      'sizes',
      [
        ['1.5', SIZE],
        ['10X', SIZE],
        ['-1', SIZE],
        ['', SIZE],
        [' 10M', SIZE],
        ['10  M', SIZE],
        ['1e6', SIZE],
        ['0x10', SIZE],
        [0, SIZE],
        ['0', SIZE],
        [-1, SIZE],
        [Number.NaN, SIZE],
        [Number.NEGATIVE_INFINITY, SIZE],
        [1.5, SIZE],
        [2 ** 60, SIZE],
        ['1048576T', SIZE],
        [1, SMALL],
        [4095, SMALL],
        ['3K', SMALL],
        [true, ARGUMENT],
        [null, ARGUMENT],
        [[], ARGUMENT],
        [10n, ARGUMENT],
        [Symbol('10M'), ARGUMENT],
      ],
      ([size, code]) => {
        expect(thrown(() => take(size as Anything))).toMatchObject({
          code,
          message: expect.stringContaining('memory') as string,
        });
        if (code === ARGUMENT) return;
        // In an object, the same error names the limit.
        for (const name of ['max', version === 1 ? 'soft' : 'high']) {
          const error = thrown(() => take({ [name]: size } as Anything));
          expect(error).toMatchObject({ code, message: expect.stringContaining(`memory.${name}`) as string });
        }
      },
    );

    testRows(
      'limits',
      [
        [{ swappiness: 201 }, 'memory.swappiness'],
        [{ swappiness: -1 }, 'memory.swappiness'],
        [{ swappiness: '60' }, 'memory.swappiness'],
        [{ oomKill: 'false' }, 'memory.oomKill'],
        [{ oomGroup: 1 }, 'memory.oomGroup'],
      ],
      ([memory, name]) => {
        expect(thrown(() => take(memory as Anything))).toMatchObject({
          name: 'TypeError',
          code: ARGUMENT,
          message: expect.stringContaining(name) as string,
        });
      },
    );

    describeIf('v1', 'swap', () => {
      test('alone: v1 limits it together with memory only', () => {
        expect(thrown(() => take({ swap: '10M' }))).toMatchObject({
          name: 'TypeError',
          code: ARGUMENT,
          message: expect.stringMatching(/^memory needs max beside swap|memory\.max/) as string,
        });
      });
    });

    const others: [number, string, unknown][] =
      version === 1
        ? [
            [2, 'high', '10M'],
            [2, 'low', '10M'],
            [2, 'min', '10M'],
            [2, 'oomGroup', true],
          ]
        : [
            [1, 'soft', '10M'],
            [1, 'swappiness', 10],
            [1, 'oomKill', false],
          ];
    testRows('what only the other cgroup version has', others, ([needed, name, value]) => {
      expect(thrown(() => take({ max: '20M', [name]: value } as Anything))).toMatchObject({
        code: 'ERR_MEMCAGE_NOT_IN_VERSION',
        message: expect.stringMatching(new RegExp(`^memory\\.${name} needs cgroup v${needed}`)) as string,
      });
    });

    const swappiness = version === 1 ? test : test.skip;
    swappiness('a swappiness that this kernel does not take, and nothing is left of the others', () => {
      // 200 since Linux 5.8.
      const attempt = (): unknown => take({ max: '10M', swappiness: 200 });
      try {
        const made = attempt() as { close?: () => unknown; kill?: () => unknown; remove?: () => unknown };
        void (made.remove?.() ?? made.close?.() ?? made.kill?.());
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_MEMCAGE_LIMIT_REFUSED' });
      }
    });
  });

  testRows(
    'namespaces',
    [
      [{ net: 'yes' }, 'namespaces.net'],
      [{ pid: 1 }, 'namespaces.pid'],
      [{ uts: { hostname: '' } }, 'namespaces.uts.hostname'],
      [{ uts: { hostname: 'x'.repeat(65) } }, 'namespaces.uts.hostname'],
      [{ uts: { hostname: 'a\0b' } }, 'namespaces.uts.hostname'],
      [{ uts: { hostname: 5 } }, 'namespaces.uts.hostname'],
      [{ uts: [] }, 'namespaces.uts'],
      [{ user: { uid: -1 } }, 'namespaces.user.uid'],
      [{ user: { gid: 2 ** 32 - 1 } }, 'namespaces.user.gid'],
      [{ user: { uid: '0' } }, 'namespaces.user.uid'],
      [{ user: { subordinate: 1 } }, 'namespaces.user.subordinate'],
      [{ mount: {} }, 'namespaces.mount'],
      [[], 'namespaces'],
      ['pid', 'namespaces'],
      [null, 'namespaces'],
      [true, 'namespaces'],
    ],
    async ([namespaces, name]) => {
      const error = { name: 'TypeError', code: ARGUMENT, message: expect.stringContaining(name) as string };
      expect(thrown(() => spawn('true', [], { namespaces: namespaces as Anything }))).toMatchObject(error);
      expect(thrown(() => spawn('true', [], { memory: '10M', namespaces: namespaces as Anything }))).toMatchObject(
        error,
      );
      await expect(run('true', [], { namespaces: namespaces as Anything })).rejects.toMatchObject(error);
    },
  );

  testRows(
    'options of createCage',
    [
      [undefined, 'options'],
      [null, 'options'],
      ['10M', 'options'],
      [{}, 'memory'],
      [{ memory: '10M', parent: 5 }, 'parent'],
      [{ memory: '10M', parent: '' }, 'path'],
      [{ memory: '10M', parent: '../..' }, 'path'],
      [{ memory: '10M', parent: 'a\0b' }, 'path'],
    ],
    ([options, name]) => {
      expect(thrown(() => createCage(options as CreateCageOptions))).toMatchObject({
        name: 'TypeError',
        code: ARGUMENT,
        message: expect.stringContaining(name) as string,
      });
    },
  );

  testRows(
    'options of spawn and run',
    [
      [{ cage: {} }, 'cage'],
      [{ cage: null }, 'cage'],
      [{ cage: 'x' }, 'cage'],
      [{ memory: '10M', parent: {} }, 'parent'],
      [{ parent: '/' }, 'parent'],
      [{ keepDescendants: true }, 'keepDescendants'],
      [{ memory: '10M', keepDescendants: 'yes' }, 'keepDescendants'],
    ],
    async ([options, name]) => {
      const error = { name: 'TypeError', code: ARGUMENT, message: expect.stringContaining(name) as string };
      expect(thrown(() => spawn('true', [], options as Anything))).toMatchObject(error);
      await expect(run('true', options as Anything)).rejects.toMatchObject(error);
    },
  );

  testRows(
    'options of run',
    [
      [{ input: 5 }, 'input'],
      [{ input: {} }, 'input'],
      [{ encoding: 'klingon' }, 'encoding'],
      [{ encoding: 5 }, 'encoding'],
      [{ reject: 'no' }, 'reject'],
      [{ timeout: -1 }, 'timeout'],
      [{ timeout: 1.5 }, 'timeout'],
      [{ timeout: '1s' }, "timeout but received '1s' of type string: did you mean 1000?"],
      [{ env: 'A=1' }, 'env'],
      [{ env: ['A=1'] }, 'env'],
      [null, 'options'],
      ['x', 'options'],
    ],
    async ([options, name]) => {
      await expect(run('true', [], options as Anything)).rejects.toMatchObject({
        name: 'TypeError',
        code: ARGUMENT,
        message: expect.stringContaining(name) as string,
      });
    },
  );

  testRows('an output of run that is no size', [-1, Number.NaN, '1 megabyte', {}], async (maxBuffer) => {
    await expect(run('true', [], { maxBuffer } as Anything)).rejects.toMatchObject({
      name: 'TypeError',
      code: 'ERR_MEMCAGE_INVALID_SIZE',
      option: 'maxBuffer',
    });
  });

  test('options behind those of run, which nobody would read', async () => {
    const behind: unknown[][] = [
      ['true', [], {}, { memory: '10M' }],
      ['true', {}, { memory: '10M' }],
    ];
    for (const args of behind) {
      const refused = Reflect.apply(run, undefined, args) as Promise<unknown>;
      await expect(refused).rejects.toMatchObject({ code: ARGUMENT, cure: 'put all options into one object' });
    }
  });

  test('a timeout of run that is too long for a timer, which would be over at once', async () => {
    await expect(run('true', [], { timeout: 2 ** 31 })).rejects.toMatchObject({
      name: 'RangeError',
      code: 'ERR_OUT_OF_RANGE',
      message: expect.stringContaining('"timeout"') as string,
    });
    await expect(run('true', [], { timeout: 2 ** 31 - 1 })).resolves.toMatchObject({ exitCode: 0 });
  });

  test('parent together with cage', async () => {
    await using cage = createCage({ memory: '10M' });
    const options = { cage, memory: '5M', parent: '.' } as const;
    expect(thrown(() => spawn('true', [], options))).toMatchObject({ code: ARGUMENT });
  });
});
