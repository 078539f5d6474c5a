import * as fc from 'fast-check';
import {
  parseFlatKeyed,
  parseNames,
  parseNestedKeyed,
  parseNumaV1,
  parseOomControl,
  parsePids,
  parsePressure,
  parseValue,
} from '../../../../lib/cgroup/files/formats';
import { kernelText } from '../../../support/cgroups/kernel-text';
import { starts } from '../../../support/children/starts';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

const FORMAT_ERROR = { name: 'MemcageError', code: 'ERR_MEMCAGE_KERNEL_FORMAT' };
const LINE = 'avg10=0.00 avg60=0.00 avg300=0.00 total=0';

// The kernel's names are identifiers, but the parsers must not rely on that.
const name = fc.oneof(fc.stringMatching(/^[a-z_]+[a-z0-9_.]*$/), fc.constantFrom('__proto__', 'constructor', '0'));
const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });

function entries<T>(value: fc.Arbitrary<T>) {
  return fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, minLength: 1 });
}

describe('parseValue', () => {
  testRows(
    'reads a number or max',
    [
      ['0\n', 0],
      ['104857600\n', 104857600],
      ['60', 60],
      ['max\n', Number.POSITIVE_INFINITY],
      ['9223372036854771712\n', Number.POSITIVE_INFINITY],
      // 64 KiB pages
      ['9223372036854710272\n', Number.POSITIVE_INFINITY],
      ['9223372036854775807\n', Number.POSITIVE_INFINITY],
      ['18446744073709551615\n', Number.POSITIVE_INFINITY],
      ['9007199254740991\n', Number.MAX_SAFE_INTEGER],
    ],
    ([text, value]) => {
      expect(parseValue(text)).toBe(value);
    },
  );

  testRows(
    'refuses everything else',
    ['', '\n', 'maximum\n', '-1\n', '1.5\n', '1 2\n', '1\n2\n', '1\n\n', '0x10\n', ' 1\n', 'Infinity\n', '1e3'],
    (text) => {
      expect(thrown(() => parseValue(text, 'memory.max'))).toMatchObject(FORMAT_ERROR);
      expect(() => parseValue(text, 'memory.max')).toThrow(/in memory\.max, line 1, but the kernel wrote "/);
    },
  );

  it('gives back any count', () => {
    fc.assert(fc.property(count, (value) => expect(parseValue(`${value}\n`)).toBe(value)));
  });

  it('reads the fixtures', () => {
    expect(parseValue(kernelText('v1/memory.limit_in_bytes'))).toBe(Number.POSITIVE_INFINITY);
    expect(parseValue(kernelText('v2/memory.max'))).toBe(Number.POSITIVE_INFINITY);
    expect(parseValue(kernelText('v2/memory.current'))).toBe(104857600);
  });
});

it('shows the beginning of a long text', () => {
  const digits = '1'.repeat(81);

  expect(() => parseValue(`${digits}x`, 'f')).toThrow(`in f, line 1, but the kernel wrote "${digits.slice(1)}..."`);
});

describe('parseFlatKeyed', () => {
  it('reads memory.events', () => {
    expect(parseFlatKeyed(kernelText('v2/memory.events'))).toEqual({
      low: 0,
      high: 0,
      max: 87,
      oom: 1,
      oom_kill: 1,
      oom_group_kill: 0,
    });
  });

  it('gives back any names and counts', () => {
    fc.assert(
      fc.property(entries(count), (pairs) => {
        const text = pairs.map(([key, value]) => `${key} ${value}\n`).join('');
        expect(Object.entries(parseFlatKeyed(text)).sort()).toEqual([...pairs].sort());
      }),
    );
  });

  it('is empty for an empty file', () => {
    expect(parseFlatKeyed('')).toEqual({});
  });

  testRows(
    'refuses lines of another form',
    ['oom\n', 'oom \n', 'oom 1 2\n', 'oom=1\n', ' oom 1\n', 'oom  1\n', 'oom 1\n\n', 'oom x\n', ' 1\n'],
    (text) => {
      expect(thrown(() => parseFlatKeyed(text, 'memory.events'))).toMatchObject(FORMAT_ERROR);
    },
  );
});

describe('parseNestedKeyed', () => {
  it('reads memory.numa_stat', () => {
    expect(parseNestedKeyed(kernelText('v2/memory.numa_stat'))).toEqual({
      anon: { N0: 41275392, N1: 0 },
      file: { N0: 8192000, N1: 4096 },
    });
  });

  it('gives back any names and counts', () => {
    fc.assert(
      fc.property(entries(entries(count)), (pairs) => {
        const text = pairs
          .map(([key, values]) => `${[key, ...values.map(([sub, value]) => `${sub}=${value}`)].join(' ')}\n`)
          .join('');
        const parsed = Object.entries(parseNestedKeyed(text)).map(([key, values]) => [
          key,
          Object.entries(values).sort(),
        ]);
        expect(parsed.sort()).toEqual(pairs.map(([key, values]) => [key, [...values].sort()]).sort());
      }),
    );
  });

  it('knows max', () => {
    expect(parseNestedKeyed('8:0 rbps=max wbps=1048576\n')).toEqual({
      '8:0': { rbps: Number.POSITIVE_INFINITY, wbps: 1048576 },
    });
  });

  testRows(
    'refuses lines of another form',
    ['a b\n', 'a =1\n', 'a b=\n', 'a b=x\n', 'a=1\n', ' b=1\n', 'a b=1.\n', 'a b=1.5\n', 'a b=-1\n', 'a b=1 2\n'],
    (text) => {
      expect(thrown(() => parseNestedKeyed(text))).toMatchObject(FORMAT_ERROR);
    },
  );
});

describe('parseNumaV1', () => {
  it('reads memory.numa_stat of v1', () => {
    expect(parseNumaV1(kernelText('v1/memory.numa_stat'))).toMatchObject({
      total: { total: 25728, N0: 25700, N1: 28 },
      hierarchical_anon: { total: 25600, N0: 25600, N1: 0 },
    });
  });

  testRows(
    'refuses lines of another form',
    [
      'total=1\n',
      'total N0=1\n',
      'total=1 N0=\n',
      'total=1 x=1\n',
      'total=1 N0=1.5\n',
      'total=1.0 N0=1\n',
      'total=1 N0=1 \n',
      '=1 N0=1\n',
      'total=1 1\n',
    ],
    (text) => {
      expect(thrown(() => parseNumaV1(text))).toMatchObject(FORMAT_ERROR);
    },
  );
});

it('errors tell the file and the line', () => {
  expect(thrown(() => parseFlatKeyed('cache 0\nrss rss\n', 'memory.stat'))).toMatchObject({
    ...FORMAT_ERROR,
    path: 'memory.stat',
    line: 2,
  });
  expect(thrown(() => parseValue('1 2\n', 'memory.max'))).toMatchObject({ path: 'memory.max', line: 1 });
  expect(() => parseFlatKeyed('cache 0\nrss rss\n', 'memory.stat')).toThrow(
    'Expected NAME VALUE in memory.stat, line 2, but the kernel wrote "rss rss"',
  );
  expect(() => parseNestedKeyed('anon N0=1\nfile N0=1 N1=\n', 'memory.numa_stat')).toThrow('memory.numa_stat, line 2,');
  expect(() => parseNumaV1('total=1 N0=\n')).toThrow('memory.numa_stat, line 1,');
  expect(() => parsePids('1\n2\n3 4\n', 'tasks')).toThrow('tasks, line 3,');
});

testRows<[what: string, parse: () => unknown, line: number]>(
  'a name that comes twice is refused',
  [
    ['flat', () => parseFlatKeyed('rss 1\ncache 2\nrss 1\n', 'f'), 3],
    ['flat, of no property', () => parseFlatKeyed('__proto__ 1\n__proto__ 1\n', 'f'), 2],
    ['nested', () => parseNestedKeyed('anon N0=1\nanon N1=1\n', 'f'), 2],
    ['nested, in a line', () => parseNestedKeyed('file N0=1\nanon N0=1 N0=1\n', 'f'), 2],
    ['NUMA of v1', () => parseNumaV1('total=1 N0=1\ntotal=1 N0=1\n', 'f'), 2],
    ['NUMA of v1, in a line', () => parseNumaV1('total=1 N0=1 N0=2\n', 'f'), 1],
    ['pressure', () => parsePressure(`some ${LINE}\nfull ${LINE}\nsome ${LINE}\n`, 'f'), 3],
    ['pressure, in a line', () => parsePressure(`some ${LINE}\nfull ${LINE} avg10=0.00\n`, 'f'), 2],
    ['OOM control', () => parseOomControl('oom_kill_disable 0\nunder_oom 0\noom_kill 0\nunder_oom 1\n', 'f'), 4],
  ],
  ([, parse, line]) => {
    expect(thrown(parse)).toMatchObject({ ...FORMAT_ERROR, path: 'f', line });
    expect(parse).toThrow(`Expected each name once in f, line ${line}, but the kernel wrote "`);
  },
);

describe('parsePressure', () => {
  it('reads memory.pressure', () => {
    expect(parsePressure(kernelText('v2/memory.pressure'))).toEqual({
      some: { avg10: 1.84, avg60: 0.42, avg300: 0.09, total: 1873201 },
      full: { avg10: 0, avg60: 0.38, avg300: 0.08, total: 1712044 },
    });
  });

  testRows(
    'refuses lines of another form, and says which',
    [
      ['', 0, 'some in memory.pressure, which ends after line 0'],
      [`some ${LINE}\n`, 1, 'full in memory.pressure, which ends after line 1'],
      ['some avg10=0.00\nfull avg10=0.00\n', 1, 'avg10, avg60, avg300 and a whole total in memory.pressure, line 1,'],
      [`some ${LINE}\nfull ${LINE.replace('total=0', 'total=0.5')}\n`, 2, 'whole total in memory.pressure, line 2,'],
      [`some ${LINE}\nfull ${LINE.replace('avg60=0.00', 'avg60=max')}\n`, 2, 'SUB=VALUE in memory.pressure, line 2,'],
    ],
    ([text, line, message]) => {
      const parse = (): unknown => parsePressure(text, 'memory.pressure');
      expect(thrown(parse)).toMatchObject({ ...FORMAT_ERROR, path: 'memory.pressure', line });
      expect(parse).toThrow(message);
    },
  );

  it('keeps what a later kernel adds', () => {
    const later = parsePressure(`some ${LINE} avg900=1.25\nfull ${LINE}\nmost ${LINE}\n`);
    expect(later.some).toMatchObject({ avg10: 0, avg900: 1.25 });
    expect(later).toHaveProperty('most.total', 0);
  });
});

describe('parsePids', () => {
  it('keeps the order, repetitions, and 0 for strangers', () => {
    expect(parsePids(kernelText('v2/cgroup.procs'))).toEqual([4711, 0, 4712, 4711]);
  });

  it('is empty for an empty cgroup', () => {
    expect(parsePids('')).toEqual([]);
  });

  it('gives back any pids', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 4194304 })), (pids) => {
        expect(parsePids(pids.map((pid) => `${pid}\n`).join(''))).toEqual(pids);
      }),
    );
  });

  testRows('refuses what is no pid', ['x\n', '1 2\n', '-1\n', '\n', 'max\n'], (text) => {
    expect(thrown(() => parsePids(text))).toMatchObject(FORMAT_ERROR);
  });
});

describe('parseOomControl', () => {
  it('reads memory.oom_control', () => {
    const text = kernelText('v1/memory.oom_control');

    expect(parseOomControl(text)).toEqual({ oomKillDisable: false, underOom: false, oomKills: 0 });
  });

  it('tells its fields apart', () => {
    expect(parseOomControl('oom_kill_disable 1\nunder_oom 0\noom_kill 7\n')).toEqual({
      oomKillDisable: true,
      underOom: false,
      oomKills: 7,
    });
    expect(parseOomControl('oom_kill_disable 0\nunder_oom 1\noom_kill 0\n').underOom).toBe(true);
  });

  testRows(
    'needs all of the lines',
    [
      ['oom_kill_disable 0\nunder_oom 0\n', 'oom_kill'],
      ['oom_kill_disable 0\noom_kill 0\n', 'under_oom'],
      ['under_oom 0\noom_kill 0\n', 'oom_kill_disable'],
    ],
    ([text, missing]) => {
      expect(thrown(() => parseOomControl(text))).toMatchObject({
        ...FORMAT_ERROR,
        path: 'memory.oom_control',
        line: 2,
      });
      expect(() => parseOomControl(text)).toThrow(`Expected ${missing} in memory.oom_control, which ends after line 2`);
    },
  );
});

it('parseNames splits a list', () => {
  expect(parseNames(kernelText('v2-systemd/cgroup.controllers'))).toContain('memory');
  expect(parseNames('\n')).toEqual([]);
});

describe('of damaged text', () => {
  const FIXTURES = [
    ['v1/memory.stat', parseFlatKeyed],
    ['v2/memory.stat', parseFlatKeyed],
    ['v2/memory.events', parseFlatKeyed],
    ['v1/memory.numa_stat', parseNumaV1],
    ['v2/memory.numa_stat', parseNestedKeyed],
    ['v2/memory.pressure', parsePressure],
    ['v2/cgroup.procs', parsePids],
  ] as const;

  const linesOf = (fixture: string) => kernelText(fixture).trimEnd().split('\n');

  /** Damages one line: its index, and what becomes of it. */
  const damagedLine = (good: readonly string[]) =>
    fc.nat({ max: good.length - 1 }).chain((index) => {
      const line = good[index] ?? '';
      return fc
        .oneof(
          fc.constantFrom(
            '',
            `${line} `,
            ` ${line}`,
            `${line} ${line}`,
            line.replace(/\d+$/, ''),
            `${line}x`,
            `${line}=`,
          ),
          fc.constantFrom(line.replace(/\d+$/, '-1'), line.replace(/\d+$/, '1e3'), line.replace(/\d+$/, '0x1f')),
          // Truncated in the middle of a name.
          fc
            .nat({ max: Math.max(0, line.search(/[ =]/) - 1) })
            .map((length) => (/[ =]/.test(line) ? line.slice(0, length) : '')),
        )
        .map((text) => ({ index, text }));
    });

  testRows('is refused, with the line', FIXTURES, ([fixture, parse]) => {
    const good = linesOf(fixture);
    fc.assert(
      fc.property(damagedLine(good), ({ index, text }) => {
        const lines = good.map((line, at) => (at === index ? text : line));
        expect(thrown(() => parse(`${lines.join('\n')}\n`, 'the file'))).toMatchObject({
          ...FORMAT_ERROR,
          path: 'the file',
          line: index + 1,
        });
      }),
      { numRuns: starts(100) },
    );
  });

  testRows('never gives anything but numbers that are not negative', FIXTURES, ([fixture, parse]) => {
    const text = linesOf(fixture).join('\n');
    const anyDamage = fc.tuple(fc.nat({ max: text.length }), fc.nat({ max: 6 }), fc.string({ maxLength: 6 }));
    const leaves = (value: unknown): unknown[] =>
      typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [value];
    fc.assert(
      fc.property(anyDamage, ([at, length, put]) => {
        const changed = `${text.slice(0, at)}${put}${text.slice(at + length)}\n`;
        let parsed: unknown;
        try {
          parsed = parse(changed, 'the file');
        } catch (error) {
          expect(error).toMatchObject(FORMAT_ERROR);
          return;
        }
        for (const leaf of leaves(parsed)) expect(typeof leaf === 'number' && leaf >= 0).toBe(true);
      }),
      { numRuns: starts(100) },
    );
  });
});
