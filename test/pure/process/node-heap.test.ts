import os, { totalmem } from 'node:os';
import { judgeNodeHeap, resolveNodeHeap, withNodeHeap, withNodeHeapIn } from '../../../lib/process/node-heap';
import { withCode } from '../../support/error-code';
import { testRows } from '../../support/rows';

const MIB = 1024 ** 2;
const NODE = process.execPath;

describe('the option', () => {
  testRows(
    'takes sizes and words',
    [
      [undefined, undefined],
      ['auto', 'auto'],
      [false, false],
      ['64M', 64 * MIB],
      [5 * MIB + 1, 5 * MIB + 1],
    ],
    ([option, expected]) => {
      expect(resolveNodeHeap(option, Number.POSITIVE_INFINITY)).toBe(expected);
    },
  );

  testRows(
    'refuses what is neither',
    [true, null, 'max', Number.POSITIVE_INFINITY, 1000, '1000K', [], {}],
    (option) => {
      expect(() => resolveNodeHeap(option, Number.POSITIVE_INFINITY)).toThrow(withCode('INVALID_ARGUMENT'));
      expect(() => resolveNodeHeap(option, Number.POSITIVE_INFINITY)).toThrow(/nodeHeap/);
    },
  );

  test('refuses a size that the memory has no room for', () => {
    const full = () => resolveNodeHeap('100M', 100 * MIB);
    expect(full).toThrow(withCode('INVALID_ARGUMENT', "a size below the 100 MiB of memory (or 'auto'"));
    expect(resolveNodeHeap('99M', 100 * MIB)).toBe(99 * MIB);
    expect(resolveNodeHeap('auto', MIB)).toBe('auto');
  });

  testRows('refuses what is no size', ['64 X', '', Number.NaN, -1, 'off'], (option) => {
    expect(() => resolveNodeHeap(option, Number.POSITIVE_INFINITY)).toThrow(withCode('INVALID_SIZE'));
  });
});

interface Given {
  file?: string;
  args?: string[];
  env?: string[];
}

const plan = (
  { file = NODE, args = ['node', 'x.js'], env = ['A=1'] }: Given,
  setting: Parameters<typeof withNodeHeap>[1],
  mebibytes?: number,
  isHidden = false,
) => withNodeHeap({ file, args, env }, setting, ceiling(mebibytes, isHidden));

const ceiling = (mebibytes: number | undefined, isHidden: boolean) => ({
  bytes: () => (mebibytes === undefined ? undefined : mebibytes * MIB),
  isHidden,
});

const limited = (mebibytes: number, ...others: string[]) => ({
  env: [...others, `NODE_OPTIONS=--max-old-space-size=${mebibytes}`, `MEMCAGE_NODE_HEAP=${mebibytes}`],
  limitBytes: mebibytes * MIB,
});

describe('left out', () => {
  testRows('a limit for what is Node by its name', [NODE, 'node', '/opt/node-24/bin/node', 'nodejs'], (file) => {
    expect(plan({ file }, undefined, 100)).toEqual(limited(50, 'A=1'));
  });

  testRows('none for others', ['sh', '/bin/nodemon', 'npm', '/srv/node/run'], (file) => {
    expect(plan({ file }, undefined, 100)).toEqual({ env: ['A=1'], limitBytes: undefined });
  });
});

describe('from the limit of the cage', () => {
  testRows(
    'is a part of it, in MiB',
    [
      [40, 20],
      [64, 32],
      [100, 50],
      [256, 128],
      [1023, 511],
      [1024, 512],
    ],
    ([mebibytes, expected]) => {
      expect(plan({}, 'auto', mebibytes)).toEqual(limited(expected, 'A=1'));
    },
  );

  test('not more than V8 takes by itself, nor than the machine has', () => {
    const most = Math.floor(Math.min(totalmem() / 2, 4096 * MIB) / MIB);
    expect(plan({}, 'auto', 2 ** 30)).toEqual(limited(most, 'A=1'));
  });

  testRows('none in a cage of such a size', [undefined, Number.POSITIVE_INFINITY, 1], (mebibytes) => {
    expect(plan({}, 'auto', mebibytes)).toEqual({ env: ['A=1'], limitBytes: undefined });
  });
});

test('a number counts for any program, with a cage or without', () => {
  expect(plan({ file: 'sh' }, 5 * MIB + 7)).toEqual(limited(5, 'A=1'));
  expect(plan({ file: 'sh' }, 500 * MIB, 100)).toEqual(limited(500, 'A=1'));
});

test('auto, when it was asked for, counts for any program', () => {
  expect(plan({ file: 'sh' }, 'auto', 100)).toEqual(limited(50, 'A=1'));
});

test('false: none', () => {
  expect(plan({}, false, 100)).toEqual({ env: ['A=1'], limitBytes: undefined });
});

describe('what was chosen stays', () => {
  testRows(
    'in NODE_OPTIONS, or as an argument',
    [
      '--max-old-space-size=70',
      '--max_old_space_size=70',
      '--max-old-space-size',
      '--max-old-space-size-percentage=70',
    ],
    (option) => {
      const byVariable = [`NODE_OPTIONS=--no-warnings ${option}`];
      expect(plan({ env: byVariable }, undefined, 100)).toEqual({ env: byVariable, limitBytes: undefined });
      const byArguments = { args: ['node', '-r', 'y', option, 'x.js'] };
      expect(plan(byArguments, undefined, 100)).toEqual({ env: ['A=1'], limitBytes: undefined });
      // The command line takes precedence over what memcage can set.
      expect(plan(byArguments, 64 * MIB, 100)).toEqual({ env: ['A=1'], limitBytes: undefined });
    },
  );

  test('other options stay, too', () => {
    expect(plan({ env: ['NODE_OPTIONS=--no-warnings  -r "./a b.js"', 'B=2'] }, undefined, 100)).toEqual({
      env: ['B=2', 'NODE_OPTIONS=--no-warnings  -r "./a b.js" --max-old-space-size=50', 'MEMCAGE_NODE_HEAP=50'],
      limitBytes: 50 * MIB,
    });
  });

  test('but a number counts more than NODE_OPTIONS', () => {
    const { env, limitBytes } = plan({ env: ['NODE_OPTIONS=--max-old-space-size=70'] }, 64 * MIB, 100);
    expect(limitBytes).toBe(64 * MIB);
    expect(env).toContain('NODE_OPTIONS=--max-old-space-size=70 --max-old-space-size=64');
  });
});

describe('a child that does not find the limit of its cage', () => {
  const hidden = (given: Given, mebibytes: number) => plan(given, 'auto', mebibytes, true).env;

  beforeEach(() => {
    jest.spyOn(os, 'totalmem').mockReturnValue(16 * 1024 * MIB);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  testRows(
    'the young generation is limited as V8 would by itself',
    [
      [40, 20, 1],
      [100, 50, 1],
      [512, 256, 1],
      [1024, 512, 4],
      [2048, 1024, 8],
    ],
    ([mebibytes, old, young]) => {
      expect(hidden({}, mebibytes)).toEqual([
        'A=1',
        `NODE_OPTIONS=--max-old-space-size=${old} --max-semi-space-size=${young}`,
        `MEMCAGE_NODE_HEAP=${old},${young}`,
      ]);
    },
  );

  test('has room for what V8 takes by itself in a larger cage, and without one', () => {
    expect(plan({}, 'auto', 3072, true)).toEqual(limited(1536, 'A=1'));
    expect(plan({}, 64 * MIB, undefined, true)).toEqual(limited(64, 'A=1'));
  });

  test.each(['--max-semi-space-size=2', '--max_semi_space_size=2'])('%s of the caller stays', (option) => {
    expect(hidden({ env: [`NODE_OPTIONS=${option}`] }, 100)).toEqual([
      `NODE_OPTIONS=${option} --max-old-space-size=50`,
      'MEMCAGE_NODE_HEAP=50',
    ]);
    expect(hidden({ args: ['node', option, 'x.js'] }, 100)).toEqual(limited(50, 'A=1').env);
  });

  test('nor do its own children', () => {
    const env = [
      'NODE_OPTIONS=--no-warnings --max-old-space-size=300 --max-semi-space-size=4',
      'MEMCAGE_NODE_HEAP=300,4',
    ];
    expect(plan({ env }, undefined, 100).env).toEqual([
      'NODE_OPTIONS=--no-warnings --max-old-space-size=50 --max-semi-space-size=1',
      'MEMCAGE_NODE_HEAP=50,1',
    ]);
    expect(plan({ env }, false, 100).env).toEqual(['NODE_OPTIONS=--no-warnings']);
  });
});

describe('of a process that memcage has limited itself', () => {
  const env = ['A=1', 'NODE_OPTIONS=--no-warnings --max-old-space-size=300', 'MEMCAGE_NODE_HEAP=300'];

  test('what it hands on does not count as chosen', () => {
    expect(plan({ env }, undefined, 100)).toEqual({
      env: ['A=1', 'NODE_OPTIONS=--no-warnings --max-old-space-size=50', 'MEMCAGE_NODE_HEAP=50'],
      limitBytes: 50 * MIB,
    });
  });

  test('a child that gets no limit is still in that cage, and keeps it', () => {
    expect(plan({ env }, undefined)).toEqual({ env, limitBytes: undefined });
    expect(plan({ env, file: 'sh' }, undefined, 100)).toEqual({ env, limitBytes: undefined });
  });

  test('false takes it away', () => {
    expect(plan({ env }, false, 100).env).toEqual(['A=1', 'NODE_OPTIONS=--no-warnings']);
    expect(plan({ env: limited(300).env }, false, 100).env).toEqual([]);
  });

  test('what the program has set since is its own', () => {
    const changed = ['NODE_OPTIONS=--max-old-space-size=200', 'MEMCAGE_NODE_HEAP=300'];
    expect(plan({ env: changed }, undefined, 100)).toEqual({ env: changed, limitBytes: undefined });
  });
});

test('an environment as an object keeps what it inherits, and is not changed', () => {
  const env = Object.assign(Object.create({ INHERITED: 'i' }) as NodeJS.ProcessEnv, { A: '1' });
  const result = withNodeHeapIn({ file: NODE, args: [], env }, undefined, ceiling(100, false));
  expect(result.env).not.toBe(env);
  expect(Object.keys(env)).toEqual(['A']);
  expect([result.env['INHERITED'], result.env['A'], result.env['NODE_OPTIONS']]).toEqual([
    'i',
    '1',
    '--max-old-space-size=50',
  ]);
  expect(withNodeHeapIn({ file: 'sh', args: [], env }, undefined, ceiling(100, false))).toEqual({
    env,
    limitBytes: undefined,
  });
});

describe('the verdict', () => {
  const kill = { message: '', cause: 'limit' as const, kills: 1, limitBytes: 2 ** 20, path: '/c', victims: null };
  const judge = (end: Partial<Parameters<typeof judgeNodeHeap>[1]>, isPidOne = false) =>
    judgeNodeHeap(
      { limitBytes: 60 * MIB, isPidOne },
      { exitCode: null, signal: null, oom: null, peakBytes: 70 * MIB, ...end },
    ).exhausted;

  testRows(
    'is that of the end, the peak and the kills',
    [
      ['an abort after so much memory', { signal: 'SIGABRT' as const }, 'likely'],
      ['the same, told by a shell', { exitCode: 134 }, 'likely'],
      ['as much as a table that can not grow leaves', { signal: 'SIGABRT' as const, peakBytes: 20 * MIB }, 'likely'],
      ['an abort after less', { signal: 'SIGABRT' as const, peakBytes: 20 * MIB - 1 }, 'unknown'],
      ['an abort, and nobody has counted', { signal: 'SIGABRT' as const, peakBytes: null }, 'unknown'],
      ['an abort, and a kill', { signal: 'SIGABRT' as const, oom: kill }, 'unknown'],
      ['a kill', { signal: 'SIGKILL' as const, oom: kill }, 'no'],
      ['a crash', { signal: 'SIGSEGV' as const }, 'no'],
      ['an exit', { exitCode: 1 }, 'no'],
    ],
    ([, end, expected]) => {
      expect(judge(end)).toBe(expected);
    },
  );

  testRows('pid 1, ended by what an abort becomes', ['SIGSEGV', 'SIGTRAP', 'SIGILL'] as const, (signal) => {
    expect(judge({ signal }, true)).toBe('unknown');
  });

  test('pid 1, killed or ended', () => {
    expect([judge({ signal: 'SIGKILL' }, true), judge({ exitCode: 1 }, true)]).toEqual(['no', 'no']);
  });
});
