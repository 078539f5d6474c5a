import * as fc from 'fast-check';
import { type FlatKeyed, parseFlatKeyed } from '../../../../lib/cgroup/files/formats';
import { createStatParser, type StatParser, StatReader } from '../../../../lib/cgroup/files/stat-parser';
import { kernelText } from '../../../support/cgroups/kernel-text';
import { starts } from '../../../support/children/starts';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

const FORMAT_ERROR = { code: 'ERR_MEMCAGE_KERNEL_FORMAT' };

function feed(parse: StatParser, text: string, buffer = new Uint8Array(8192)): FlatKeyed {
  const bytes = Buffer.from(text, 'latin1');
  buffer.set(bytes);
  return parse(buffer, bytes.length);
}

describe.each(['v1', 'v2'])('memory.stat of %s', (version) => {
  const text = kernelText(`${version}/memory.stat`);

  it('is read alike the first and every later time', () => {
    const parse = createStatParser();
    const expected = parseFlatKeyed(text);

    for (let i = 0; i < 3; i += 1) expect(feed(parse, text)).toEqual(expected);
    expect(Object.keys(feed(parse, text))).toEqual(Object.keys(expected));
  });

  it('follows changed values', () => {
    const parse = createStatParser();
    feed(parse, text);
    const changed = text.replace(/^pgfault \d+$/m, 'pgfault 123456789012');

    expect(feed(parse, changed)).toEqual(parseFlatKeyed(changed));
    expect(feed(parse, text)).toEqual(parseFlatKeyed(text));
  });
});

it('shows unlimited as Infinity, the first and every later time', () => {
  const parse = createStatParser();
  const text = kernelText('v1/memory.stat');

  for (let i = 0; i < 2; i += 1) {
    expect(feed(parse, text)).toMatchObject({
      hierarchical_memory_limit: 104857600,
      hierarchical_memsw_limit: Number.POSITIVE_INFINITY,
    });
  }
  expect(feed(parse, 'limit 1\n')).toEqual({ limit: 1 });
  expect(feed(parse, 'limit 9223372036854710272\n')).toEqual({ limit: Number.POSITIVE_INFINITY });
  expect(feed(parse, 'limit 2\n')).toEqual({ limit: 2 });
});

it('decodes a text once and then only reads digits', () => {
  const decode = jest.spyOn(Buffer.prototype, 'toString');
  try {
    const parse = createStatParser();
    const text = kernelText('v1/memory.stat');
    feed(parse, text);
    const first = decode.mock.calls.length;
    feed(parse, text.replace('total_rss 249856', 'total_rss 999999999999999'));
    feed(parse, text.replace('total_rss 249856', 'total_rss 1234567890'));

    expect([first, decode.mock.calls.length]).toEqual([1, 1]);
  } finally {
    decode.mockRestore();
  }
});

testRows(
  'refuses lines of another form among those that it knows',
  ['anon 1/\n', 'anon 1:\n', 'anon 1x\n', 'anon \n', 'anon -1\n', 'anon  1\n', 'anon 1 \n'],
  (line) => {
    const parse = createStatParser();
    feed(parse, 'anon 1\nfile 2\n');

    expect(thrown(() => feed(parse, `${line}file 2\n`))).toMatchObject(FORMAT_ERROR);
  },
);

it('gives objects of their own', () => {
  const parse = createStatParser();
  feed(parse, 'anon 1\nfile 2\n');
  const first = feed(parse, 'anon 3\nfile 2\n');
  const second = feed(parse, 'anon 4\nfile 2\n');
  Object.assign(second, { file: 99 });

  expect(first).toEqual({ anon: 3, file: 2 });
  expect(feed(parse, 'anon 4\nfile 2\n')).toEqual({ anon: 4, file: 2 });
  expect(Object.getPrototypeOf(first)).toBe(Object.prototype);
});

it('the first object is not a view of later ones', () => {
  const parse = createStatParser();
  const first = feed(parse, 'anon 1\n');
  feed(parse, 'anon 2\n');

  expect(first).toEqual({ anon: 1 });
});

testRows(
  'takes a new layout for what differs',
  [
    ['a new name', 'anon 1\nnewcomer 5\nfile 2\n'],
    ['a missing name', 'anon 1\n'],
    ['an added line', 'anon 1\nfile 2\nshmem 3\n'],
    ['a name of the same length', 'anon 1\nfill 2\n'],
    ['another order', 'file 2\nanon 1\n'],
    ['a longer name', 'anon 1\nfiles 2\n'],
  ],
  ([, text]) => {
    const parse = createStatParser();
    feed(parse, 'anon 1\nfile 2\n');

    for (let i = 0; i < 3; i += 1)
      expect(Object.entries(feed(parse, text))).toEqual(Object.entries(parseFlatKeyed(text)));
  },
);

it('ignores what an earlier, longer text left in the buffer', () => {
  const parse = createStatParser();
  const buffer = new Uint8Array(64);
  feed(parse, 'anon 1\nfile 2\n', buffer);

  expect(feed(parse, 'anon 5\n', buffer)).toEqual({ anon: 5 });
});

it('reads a view that starts inside a larger buffer', () => {
  const large = Buffer.alloc(64);
  const parse = createStatParser();
  const bytes = Buffer.from('anon 7\n');
  large.set(bytes, 13);

  for (let i = 0; i < 2; i += 1) expect(parse(large.subarray(13), bytes.length)).toEqual({ anon: 7 });
});

testRows(
  'refuses text of another form, known layout or not',
  ['', 'anon', 'anon 1', 'anon 1\nfi', 'anon 1\nfile 2', 'anon x\n', 'anon 1x\n', 'anon \n', 'anon -1\n', '\0'],
  (text) => {
    expect(thrown(() => feed(createStatParser(), text))).toMatchObject(FORMAT_ERROR);
    const parse = createStatParser('memory.stat');
    feed(parse, 'anon 1\nfile 2\n');
    expect(thrown(() => feed(parse, text))).toMatchObject(FORMAT_ERROR);
    expect(feed(parse, 'anon 1\nfile 2\n')).toEqual({ anon: 1, file: 2 });
  },
);

testRows(
  'text without whole lines is refused with the line',
  [
    ['', 1],
    ['anon', 1],
    ['anon 1\nfile 2', 2],
    ['anon 1\nfile 2\n\0', 3],
  ],
  ([text, line]) => {
    const parse = createStatParser();
    const refused = { ...FORMAT_ERROR, path: 'memory.stat', line };
    expect(thrown(() => feed(parse, text))).toMatchObject(refused);
    feed(parse, 'anon 1\nfile 2\n');
    expect(thrown(() => feed(parse, text))).toMatchObject(refused);
  },
);

it('refuses a name that comes twice, known layout or not', () => {
  const parse = createStatParser();
  const refused = { ...FORMAT_ERROR, path: 'memory.stat', line: 3 };
  expect(thrown(() => feed(parse, 'anon 1\nfile 2\nanon 1\n'))).toMatchObject(refused);
  feed(parse, 'anon 1\nfile 2\n');
  expect(thrown(() => feed(parse, 'anon 1\nfile 2\nanon 1\n'))).toMatchObject(refused);
});

it('agrees with the plain parser on any sequence of texts', () => {
  const names = fc.constantFrom(['anon'], ['anon', 'file'], ['file', 'anon'], ['total_rss', 'rss', '__proto__', '0']);
  const value = fc.oneof(
    fc.nat({ max: 300 }).map(BigInt),
    fc.bigInt({ min: 0n, max: 2n ** 53n }),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n }),
    fc.constantFrom(10n ** 15n - 1n, 10n ** 15n, 2n ** 63n - 4096n, 2n ** 63n - 65536n),
  );
  const text = names.chain((keys) =>
    fc
      .array(value, { minLength: keys.length, maxLength: keys.length })
      .map((values) => keys.map((key, i) => `${key} ${values[i]}\n`).join('')),
  );
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 12 }), (texts) => {
      const parse = createStatParser();
      const buffer = new Uint8Array(256);
      for (const each of texts) {
        expect(Object.entries(feed(parse, each, buffer))).toEqual(Object.entries(parseFlatKeyed(each)));
      }
    }),
    { numRuns: starts(500) },
  );
});

it.each(['v1', 'v2'])(
  'agrees with the plain parser on damaged text of %s, also when it knows the good one',
  (version) => {
    const good = kernelText(`${version}/memory.stat`);
    const damage = fc.record({
      at: fc.nat({ max: good.length - 1 }),
      length: fc.nat({ max: 6 }),
      put: fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom('\n', ' ', '0', '999999999999999999', ' 1\n', '-1')),
    });
    fc.assert(
      fc.property(damage, ({ at, length, put }) => {
        const text = `${good.slice(0, at)}${put}${good.slice(at + length).trimEnd()}\n`;
        const parse = createStatParser();
        feed(parse, good);
        const outcome = (read: () => FlatKeyed): unknown => {
          try {
            return Object.entries(read());
          } catch (error) {
            return { code: (error as { code?: string }).code, line: (error as { line?: number }).line };
          }
        };
        expect(outcome(() => feed(parse, text))).toEqual(outcome(() => parseFlatKeyed(text)));
        // A text that it refused does not spoil it.
        expect(feed(parse, good)).toEqual(parseFlatKeyed(good));
      }),
      { numRuns: starts(500) },
    );
  },
);

/** Reads some lines; 0 for one that is not there. */
function pickerOf(names: readonly string[]) {
  const reader = new StatReader('memory.stat', new Set(names));
  let last: FlatKeyed = {};
  return {
    read(...text: Parameters<StatReader['read']>) {
      last = reader.read(...text);
    },
    value: (name: string) => last[name] ?? 0,
  };
}

describe('a picker', () => {
  const place = (text: string, at: number): [buffer: Uint8Array, start: number, end: number] => {
    const buffer = Buffer.alloc(8192, '7');
    return [buffer, at, at + buffer.write(text, at, 'latin1')];
  };

  it.each(['v1', 'v2'])('reads the lines of %s that it was made for, wherever the text is', (version) => {
    const text = kernelText(`${version}/memory.stat`);
    const expected = parseFlatKeyed(text);
    const names = Object.keys(expected).filter((_, index) => index % 3 === 1);
    const picker = pickerOf(names);

    for (const at of [0, 1, 2, 3, 1001]) {
      picker.read(...place(text, at));
      for (const name of names) expect([name, picker.value(name)]).toEqual([name, expected[name]]);
    }
  });

  it('has 0 for what is not there', () => {
    const picker = pickerOf(['kernel', 'file']);

    picker.read(...place('anon 1\nfile 2\n', 0));
    expect([picker.value('kernel'), picker.value('file')]).toEqual([0, 2]);
    picker.read(...place('anon 1\nfile 2\nkernel 3\n', 0));
    expect([picker.value('kernel'), picker.value('file')]).toEqual([3, 2]);
  });

  testRows(
    'is not misled',
    [
      ['another name before it', 'xxxx 1\nfile 2\n', 2],
      ['a longer name before it', 'longer 1\nfile 2\n', 2],
      ['a shorter name before it', 'xx 1\nfile 2\n', 2],
      ['one more line before it', 'anon 1\nfull 5\nfile 2\n', 2],
      ['a name that ends as it does', 'anon 1\nprofile 5\nfile 2\n', 2],
      ['a value that holds its name', 'anon 1\nfi 2\nle 3\n', 0],
      ['a name that begins as it does', 'anon 1\nfile_mapped 5\nfile 2\n', 2],
      ['lines behind it', 'anon 1\nfile 2\nshmem 8\n', 2],
    ],
    ([, text, expected]) => {
      const picker = pickerOf(['file']);
      picker.read(...place('anon 3\nfile 4\n', 0));

      for (let i = 0; i < 2; i += 1) {
        picker.read(...place(text, 5));
        expect(picker.value('file')).toBe(expected);
      }
    },
  );

  testRows(
    'refuses text of another form',
    ['anon 1', 'anon 1\nfile 2', 'anon 1\nfile x\n', 'anon\nfile 2\n'],
    (text) => {
      const picker = pickerOf(['file']);
      picker.read(...place('anon 3\nfile 4\n', 0));

      expect(thrown(() => picker.read(...place(text, 0)))).toMatchObject(FORMAT_ERROR);
    },
  );

  it('agrees with the plain parser on any sequence of texts', () => {
    const line = fc.tuple(fc.constantFrom('anon', 'file', 'total_rss', 'rss', 'file_mapped'), fc.nat());
    const text = fc
      .uniqueArray(line, { selector: ([name]) => name, minLength: 1 })
      .map((lines) => lines.map(([name, value]) => `${name} ${value}\n`).join(''));
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), fc.nat({ max: 99 }), (texts, at) => {
        const picker = pickerOf(['file', 'rss']);
        for (const each of texts) {
          const expected = parseFlatKeyed(each);
          picker.read(...place(each, at));
          expect([picker.value('file'), picker.value('rss')]).toEqual([expected['file'] ?? 0, expected['rss'] ?? 0]);
        }
      }),
      { numRuns: starts(500) },
    );
  });
});
