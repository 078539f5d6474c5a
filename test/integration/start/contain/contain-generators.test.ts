import childProcess from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCage, run, type SharedCage } from 'memcage';
import { closedAfterEach } from '../../../support/closed-after-each';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { placeIn, placeOf, whereStarted } from '../../../support/where';

jest.setTimeout(patience(60_000));

describeIf('cgroup', 'a generator that the function of cage.contain returns, iterated outside', () => {
  const make = closedAfterEach();
  expectNothingLeft(async () => {
    const warm = createCage({ memory: '50M' });
    await warm.contain(whereStarted);
    await warm.close();
    await run('true', [], { memory: '10M' });
  });

  const isIn = (cage: SharedCage) => expect.stringMatching(new RegExp(`^${placeOf(cage)}/leaf-\\d+$`)) as string;

  const whereNow = (): string => placeIn(String(childProcess.execFileSync('cat', ['/proc/self/cgroup'])));
  function* sync(): Generator<string, string, string | undefined> {
    try {
      yield whereNow();
      return (yield whereNow()) ?? '';
    } catch {
      yield whereNow();
      return 'caught';
    } finally {
      yield whereNow();
    }
  }
  async function* async(): AsyncGenerator<string> {
    try {
      yield whereNow();
      await sleep(1);
      yield await whereStarted();
      await sleep(1000);
    } finally {
      yield whereNow();
      yield await whereStarted();
    }
  }

  test('a sync one: next, throw, return, delegation', () => {
    const cage = make('50M');
    const inside = { value: isIn(cage), done: false };
    const generator = cage.contain(sync);
    expect(generator).toBeInstanceOf(sync);
    expect(Object.prototype.toString.call(generator)).toBe('[object Generator]');
    expect([generator.next(), generator.next(), generator.next('sent')]).toEqual(Array(3).fill(inside));
    expect(generator.next()).toEqual({ value: 'sent', done: true });
    expect([...cage.contain(sync)]).toEqual(Array(3).fill(isIn(cage)));
    const thrownInto = cage.contain(sync);
    expect([thrownInto.next(), thrownInto.throw(new Error('x')), thrownInto.next()]).toEqual(Array(3).fill(inside));
    const left = cage.contain(sync);
    expect([left.next(), left.return('early')]).toEqual([inside, inside]);
    expect(left.next()).toEqual({ value: 'early', done: true });
    const delegating = (function* () {
      yield whereNow();
      yield* cage.contain(sync);
      yield whereNow();
    })();
    expect([...delegating]).toEqual(['', ...Array<unknown>(3).fill(isIn(cage)), '']);
    // Iterators have these helpers from Node 22 on.
    const helped = cage.contain(() => {
      const iterator = sync() as Iterable<string> & { map?(fn: (place: string) => string): Iterable<string> };
      return iterator.map?.((place) => `${place}, ${whereNow()}`) ?? iterator;
    });
    for (const places of helped) expect(places.split(', ')).toEqual(places.split(', ').map(() => isIn(cage)));
    expect(whereNow()).toBe('');
  });

  test('an async one, also with calls that wait, and left early', async () => {
    const cage = make('50M');
    const generator = cage.contain(async);
    expect(generator).toBeInstanceOf(async);
    expect(generator[Symbol.asyncIterator]()).toBe(generator);
    const next = generator.next();
    expect(next).toBeInstanceOf(Promise);
    expect(await Promise.all([next, generator.next(), generator.return('')])).toEqual(
      Array(3).fill({ value: isIn(cage), done: false }),
    );
    expect(await generator.next()).toEqual({ value: isIn(cage), done: false });
    expect(await generator.next()).toEqual({ value: '', done: true });
    const ends: string[] = [];
    const leaving = cage.contain(async function* () {
      try {
        yield* async();
      } finally {
        ends.push(await whereStarted());
      }
    });
    for await (const place of leaving) {
      expect(place).toEqual(isIn(cage));
      break;
    }
    // The loop's return() stops at the first yield in the inner generator's finally.
    for await (const place of leaving) expect(place).toEqual(isIn(cage));
    expect([ends, await whereStarted()]).toEqual([[isIn(cage)], '']);
  });

  test('of the innermost contain', () => {
    const outer = make('100M');
    const inner = make('50M');
    expect([...outer.contain(() => inner.contain(sync))]).toEqual(Array(3).fill(isIn(inner)));
    const both = outer.contain(function* () {
      yield whereNow();
      yield* inner.contain(sync);
    });
    expect([...inner.contain(() => both)]).toEqual([isIn(outer), ...Array<unknown>(3).fill(isIn(inner))]);
  });

  test('other objects keep their identity', async () => {
    const cage = make('50M');
    const same = [
      [1],
      [1].values(),
      new Map().entries(),
      { next() {}, return() {} },
      { *[Symbol.iterator]() {} },
      async,
    ];
    for (const value of same) expect(cage.contain(() => value)).toBe(value);
    const frozen = Object.freeze(
      Object.assign(Object.create({ own: 5 }) as { own: number }, {
        next: () => ({ value: whereNow(), done: true as const }),
        return: () => ({ value: '', done: true as const }),
        [Symbol.iterator]() {
          return this;
        },
      }),
    );
    const iterator = cage.contain(() => frozen);
    expect([iterator.next().value, iterator.own, iterator[Symbol.iterator]()]).toEqual([isIn(cage), 5, iterator]);
  });
});
