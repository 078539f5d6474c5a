import { attempts, product, runRows, testRows } from '../../support/rows';

/** The failure of a test with such rows. */
async function failureOf(rows: Promise<void>): Promise<string> {
  const error: unknown = await rows.then(
    () => new Error('no row failed'),
    (error: unknown) => error,
  );
  return (error as Error).message;
}

const never = (): Promise<never> => new Promise(() => {});

describe('rows', () => {
  test('all that fail are named, each with its own message and place, and the others run', async () => {
    const ran: number[] = [];
    const message = await failureOf(
      runRows(
        [
          [1, 2],
          [3, 3],
          [4, 5],
        ],
        ([value, expected]) => {
          ran.push(value as number);
          expect({ value }).toEqual({ value: expected });
        },
      ),
    );

    expect(ran).toEqual([1, 3, 4]);
    expect(message).toMatch(/^2 of 3 rows failed: 1, 2; 4, 5\n/);
    const [, first, second] = message.split('●');
    expect(first).toMatch(/^ 1, 2\n[\s\S]*\n-.*"value": 2,\n\+.*"value": 1,\n[\s\S]*\n +at .*\/rows\.test\.ts:\d+:\d+/);
    expect(second).toMatch(
      /^ 4, 5\n[\s\S]*\n-.*"value": 5,\n\+.*"value": 4,\n[\s\S]*\n +at .*\/rows\.test\.ts:\d+:\d+/,
    );
  });

  test('a table without rows fails', async () => {
    expect(await failureOf(runRows([], () => {}))).toBe('the table has no rows');
  });

  test('each has its body done before the next begins', async () => {
    const order: string[] = [];
    await runRows(['a', 'b'], async (row) => {
      order.push(`${row} begins`);
      await new Promise(setImmediate);
      order.push(`${row} ends`);
    });
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  test('one that throws or rejects fails, with whatever it is', async () => {
    const bodies = {
      throws: () => {
        throw new TypeError('no');
      },
      rejects: () => Promise.reject(new Error('later')),
      'throws text': () => {
        throw 'word';
      },
    };
    const rows = Object.keys(bodies) as (keyof typeof bodies)[];
    const message = await failureOf(runRows(rows, (row) => bodies[row]()));
    expect(message).toMatch(/^3 of 3 rows failed: throws; rejects; throws text\n/);
    expect(message).toMatch(/● throws\n\nno\n[\s\S]*● rejects\n\nlater\n[\s\S]*● throws text\n\nthrown: 'word'/);
  });

  test('one that hangs is named, and the others run', async () => {
    let last = '';
    const run = (row: string): unknown => {
      last = row;
      return row === 'b' ? never() : undefined;
    };
    const message = await failureOf(runRows(['a', 'b', 'c'], run, { limitMs: 50 }));
    expect(message).toMatch(/^1 of 3 rows failed: b\n\n● b\n\nnot done within \d+ ms/);
    expect(last).toBe('c');
  });

  test('only those that have failed are tried once more, where tests are', async () => {
    const ran: string[] = [];
    const attempt = attempts(['a', 'b', 'c', 'd'], (row) => {
      ran.push(row);
      const isSecond = ran.filter((each) => each === row).length > 1;
      if (row === 'd' || (row === 'b' && !isSecond)) throw new Error();
    });
    expect(await failureOf(attempt())).toMatch(/^2 of 4 rows failed: b; d\n/);
    expect(await failureOf(attempt())).toMatch(/^1 of 2 rows failed: d\n/);
    expect(ran).toEqual(['a', 'b', 'c', 'd', 'b', 'd']);
  });

  test('the assertions that one expects are counted for it alone', async () => {
    const message = await failureOf(
      runRows(['two', 'one', 'again two'], (row) => {
        expect.assertions(2);
        expect(row).toBe(row);
        if (row.endsWith('two')) expect(row).toBe(row);
      }),
    );
    expect(message).toMatch(/^1 of 3 rows failed: one\n/);
    expect(message).toContain('expect.assertions(2)');
  });

  test('they are named by all that is in them, or as is said', async () => {
    const rows = [['text', 1, { a: [null] }, () => {}], [''], ['x'.repeat(200)]];
    const fail = (): never => {
      throw new Error();
    };
    expect(await failureOf(runRows(rows, fail))).toMatch(/failed: text, 1, \{ a: \[ null \] \}; ''; x{100}…\n/);
    expect(await failureOf(runRows(rows, fail, { name: (row) => `${row.length} values` }))).toMatch(
      /failed: 4 values; 1 values; 1 values\n/,
    );
  });
});

describe('hooks', () => {
  const order: string[] = [];
  let failing = '';
  const log = (what: string) => () => {
    order.push(what);
    if (what !== failing) return;
    failing = '';
    throw new Error(`${what} fails`);
  };
  beforeEach(log('before, outside'));
  afterEach(log('after, outside'));
  describe('of two blocks', () => {
    beforeEach(log('before'));
    afterEach(log('after'));
    const BEFORE = ['before, outside', 'before'];
    const AFTER = ['after', 'after, outside'];

    test('run around each row as around a test, also where it fails', async () => {
      order.splice(0, order.length, ...BEFORE);
      const run = (row: string): void => {
        order.push(row);
        if (row === 'a') throw new Error();
      };
      expect(await failureOf(runRows(['a', 'b'], run))).toMatch(/^1 of 2 rows failed: a\n/);
      // And once more, for Jest's own hooks after the test.
      expect(order).toEqual([...BEFORE, 'a', ...AFTER, ...BEFORE, 'b', ...AFTER, ...BEFORE]);
    });

    test('that fail are failures of the row, whose body does not run without them', async () => {
      const ran: string[] = [];
      const run = (row: string): void => {
        ran.push(row);
        if (row === 'a') failing = 'after';
        if (row === 'b') failing = 'before';
      };
      const message = await failureOf(runRows(['a', 'b', 'c', 'd'], run));
      expect(message).toMatch(/^2 of 4 rows failed: a; c\n[\s\S]*● a\n\nafter fails\n[\s\S]*● c\n\nbefore fails/);
      expect(ran).toEqual(['a', 'b', 'd']);
    });

    test('that fail after the last row are told, and all rows are tried once more', async () => {
      const ran: string[] = [];
      const attempt = attempts(['a', 'b'], (row) => {
        ran.push(row);
        if (ran.length === 2) failing = 'before';
      });
      expect(await failureOf(attempt())).toMatch(/^1 of 2 rows failed: \(after the last row\)\n/);
      await attempt();
      expect(ran).toEqual(['a', 'b', 'a', 'b']);
    });
  });
});

testRows(
  'product() has every combination',
  [
    [0, ''],
    [1, 'x'],
    [2, 'x,y'],
    [3, 'x,y,z'],
  ],
  ([count, ys]) => {
    const xs = Array.from({ length: count }, (_, index) => index);
    const all = product<[number, string]>(xs, ys.split(','));
    expect(all).toHaveLength(count * ys.split(',').length);
    expect(new Set(all.map(String)).size).toBe(all.length);
  },
);
