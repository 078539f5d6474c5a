import * as fc from 'fast-check';
import { checkSize, formatSize, parseSize } from '../../../../lib/common/text/size';
import { starts } from '../../../support/children/starts';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

const PAGE = 4096;
const UNITS = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

const anySize = fc.integer({ min: PAGE, max: Number.MAX_SAFE_INTEGER });

describe('checkSize', () => {
  testRows(
    'takes numbers and text with a unit',
    [
      [4096, 4096],
      ['4096', 4096],
      ['4K', 4096],
      ['100M', 104857600],
      ['100m', 104857600],
      ['2g', 2147483648],
      ['1T', 1099511627776],
      ['1P', 1125899906842624],
      ['100MB', 104857600],
      ['100MiB', 104857600],
      ['100Mi', 104857600],
      ['100mib', 104857600],
      ['100 MiB', 104857600],
      ['1.5G', 1610612736],
      ['1.5 GiB', 1610612736],
      ['0.5M', 524288],
      ['5.1K', 5222],
      ['8192B', 8192],
      ['8192 B', 8192],
      ['007M', 7340032],
      [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
      ['9007199254740991', Number.MAX_SAFE_INTEGER],
      ['max', Number.POSITIVE_INFINITY],
      [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ],
    ([value, bytes]) => {
      expect(checkSize('memory.max', value)).toBe(bytes);
    },
  );

  testRows(
    'refuses everything else',
    [
      '1.5',
      'unlimited',
      '10X',
      '-1',
      '-1M',
      '+1M',
      0,
      '0',
      '0M',
      -1,
      -4096,
      5000.5,
      Number.NaN,
      Number.NEGATIVE_INFINITY,
      2 ** 53,
      2 ** 60,
      '9007199254740992',
      '9000T',
      '9'.repeat(400),
      '',
      ' ',
      ' 5M',
      '5M ',
      '5M\n',
      'M',
      'MiB',
      'B',
      '5000.5B',
      '.5M',
      '5.M',
      '5  M',
      '5iB',
      '5i',
      '5MM',
      '5MBi',
      '1.5.5G',
      '1,5G',
      '-1.5G',
      '5\tM',
      'MAX',
      'Infinity',
      '0x10000',
      '1e6',
      '٤٠٩٦',
      '5000\0',
      true,
      null,
      undefined,
      {},
      [],
      ['4096'],
      8192n,
      new Number(8192),
    ],
    (value) => {
      const parse = () => checkSize('memory.max', value);

      expect(parse).toThrow(TypeError);
      expect(thrown(parse)).toMatchObject({ code: 'ERR_MEMCAGE_INVALID_SIZE' });
      expect(thrown(parse).message).toMatch(/^Expected a number of bytes .* for memory\.max but received /);
    },
  );

  testRows('refuses what is less than a page', [1, 4095, '1', '1K', '4095'], (value) => {
    expect(thrown(() => checkSize('memory.max', value))).toMatchObject({
      name: 'RangeError',
      code: 'ERR_MEMCAGE_LIMIT_TOO_SMALL',
    });
    expect(() => checkSize('memory.swap', value, { min: 0 })).toThrow(/at least one page of memory \(4096 bytes\)/);
  });

  testRows('takes 0 where that is allowed', [0, -0, '0', '00', '0G'], (value) => {
    expect(checkSize('memory.swap', value, { min: 0 })).toBe(0);
  });

  testRows(
    'asks whether MiB were meant',
    [
      [100, "'100M'"],
      ['100', "'100M'"],
    ],
    ([value, meant]) => {
      expect(thrown(() => checkSize('memory', value)).message).toContain(`: did you mean ${meant}?`);
    },
  );

  it('asks nothing where a unit was given', () => {
    expect(thrown(() => checkSize('memory', '1K')).message).not.toContain('did you mean');
  });

  it('reads what formatSize() writes', () => {
    fc.assert(
      // Above this, a size that is rounded up may not be a safe integer.
      fc.property(fc.integer({ min: PAGE, max: 2 ** 52 }), (bytes) => {
        const read = checkSize('a', formatSize(bytes));
        // At least 1, with one decimal.
        expect(Math.abs(read - bytes) / bytes).toBeLessThanOrEqual(0.05);
      }),
    );
    expect(checkSize('a', formatSize(Number.POSITIVE_INFINITY))).toBe(Number.POSITIVE_INFINITY);
  });

  it('says whether 0 is allowed', () => {
    expect(thrown(() => checkSize('a', -1)).message).toContain('a positive integer');
    expect(thrown(() => checkSize('a', -1, { min: 0 })).message).not.toContain('positive');
  });

  it('knows larger pages', () => {
    expect(() => checkSize('memory.max', '32K', { pageBytes: 65536 })).toThrow(/65536 bytes/);
    expect(checkSize('memory.max', '64K', { pageBytes: 65536 })).toBe(65536);
  });

  it('takes a number and its digits alike', () => {
    fc.assert(
      fc.property(anySize, (bytes) => {
        expect(checkSize('a', bytes)).toBe(bytes);
        expect(checkSize('a', String(bytes))).toBe(bytes);
      }),
    );
  });

  it('multiplies by the unit, in either case, or refuses what is too large', () => {
    const unit = fc.constantFrom(...Object.entries(UNITS));
    fc.assert(
      fc.property(fc.bigInt({ min: 4096n, max: 2n ** 60n }), unit, fc.boolean(), (digits, [name, factor], lower) => {
        const text = `${digits}${lower ? name.toLowerCase() : name}`;
        const bytes = digits * BigInt(factor);
        if (bytes < 2n ** 53n) expect(checkSize('a', text)).toBe(Number(bytes));
        else expect(() => checkSize('a', text)).toThrow(TypeError);
      }),
    );
  });

  it('gives whole bytes of at least a page, or throws an error with a code', () => {
    const anything = fc.oneof(
      fc.anything(),
      fc.string(),
      fc.double(),
      fc.stringMatching(/^\s?[+-]?\d*[.,]?\d*[a-zA-Z]*$/),
    );
    fc.assert(
      fc.property(anything, (value) => {
        try {
          const bytes = checkSize('a', value);
          expect(bytes === Number.POSITIVE_INFINITY || Number.isSafeInteger(bytes)).toBe(true);
          expect(bytes).toBeGreaterThanOrEqual(PAGE);
        } catch (error) {
          expect(error).toHaveProperty('code', expect.stringMatching(/^ERR_MEMCAGE_(INVALID_SIZE|LIMIT_TOO_SMALL)$/));
        }
      }),
      { numRuns: starts(1000) },
    );
  });
});

describe('formatSize', () => {
  testRows(
    'writes it in the largest unit that fits',
    [
      [0, '0 B'],
      [1, '1 B'],
      [1023, '1023 B'],
      [1024, '1 KiB'],
      [1536, '1.5 KiB'],
      [104857600, '100 MiB'],
      [1048575, '1 MiB'],
      [1610612736, '1.5 GiB'],
      [1024 ** 4, '1 TiB'],
      [Number.MAX_SAFE_INTEGER, '8 PiB'],
      [1024 ** 6, '1024 PiB'],
      [1047552, '1023 KiB'],
      [1023.95 * 1024, '1 MiB'],
      [-2048, '-2 KiB'],
      [Number.POSITIVE_INFINITY, 'max'],
    ],
    ([bytes, text]) => {
      expect(formatSize(bytes)).toBe(text);
    },
  );

  it('says unknown for what the kernel has not counted', () => {
    expect(formatSize(null)).toBe('unknown');
  });

  testRows('takes nothing else', [undefined, '100M', Number.NaN, 5n, {}], (bytes) => {
    expect(() => formatSize(bytes as number)).toThrow(
      expect.objectContaining({
        name: 'TypeError',
        code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
        option: 'bytes',
        message: expect.stringMatching(
          /^Expected a number of bytes, or null if it is unknown for bytes but /,
        ) as string,
      }),
    );
  });

  it('is within the decimal that it prints', () => {
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (bytes) => {
        const [amount, unit = ''] = formatSize(bytes).split(' ');
        const factor = 1024 ** ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'].indexOf(unit);
        expect(Number(amount)).toBeLessThan(1024);
        expect(Math.abs(Number(amount) * factor - bytes)).toBeLessThanOrEqual(0.0501 * factor);
      }),
    );
  });
});

describe('parseSize', () => {
  testRows(
    'reads what options take',
    [
      ['100M', 104857600],
      [4096, 4096],
      ['0', 0],
      ['max', Number.POSITIVE_INFINITY],
    ],
    ([size, bytes]) => expect(parseSize(size)).toBe(bytes),
  );

  it('calls it as it is told to', () => {
    expect(() => parseSize('12Q')).toThrow(/for size but received '12Q'/);
    expect(() => parseSize('12Q', 'jobs.memory')).toThrow(/for jobs\.memory but/);
    expect(thrown(() => parseSize('100', 'x'))).toMatchObject({ code: 'ERR_MEMCAGE_LIMIT_TOO_SMALL' });
  });
});

test('what is no size is told with what would be one', () => {
  const rest = ", a string such as '512K', '100M' or '1.5G', or 'max' for x but received 'much' of type string";
  expect(() => checkSize('x', 'much')).toThrow(`Expected a number of bytes (a positive integer)${rest}`);
  expect(() => checkSize('x', 'much', { min: 0 })).toThrow(`Expected a number of bytes (an integer)${rest}`);
});
