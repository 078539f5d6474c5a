import * as fc from 'fast-check';
import { parseText, toText } from '../../../../../lib/jobs/budget/learning/file-format';
import { Histories, type KeyedLesson } from '../../../../../lib/jobs/budget/learning/histories';
import { testRows } from '../../../../support/rows';
import { thrown } from '../../../../support/thrown';

const MIB = 1024 ** 2;
const NOW = 1e12;
const bounds = { floorBytes: 16 * MIB, ceilingBytes: 2 ** 40 };

const anyLesson: fc.Arbitrary<KeyedLesson> = fc.record({
  key: fc.oneof(fc.constantFrom('a', 'b', '__proto__', 'constructor', '', 'ü "\n\u2028'), fc.string()),
  bytes: fc.integer({ min: 1, max: 2 ** 45 }),
  wasKilled: fc.boolean(),
  timeMs: fc.integer({ min: NOW - 1e10, max: NOW }),
});

function learned(lessons: readonly KeyedLesson[]): Histories {
  const histories = new Histories();
  for (const lesson of lessons) histories.learn(lesson);
  return histories;
}
const limits = (histories: Histories) =>
  [...histories.entries()].map(([key]) => [key, histories.limitFor(key, NOW, bounds)]);

it('says the same after it was written and read', () => {
  fc.assert(
    fc.property(fc.array(anyLesson, { maxLength: 60 }), (lessons) => {
      const histories = learned(lessons);
      const read = parseText(toText(histories), NOW);
      expect([...read.entries()].map(([key]) => key)).toEqual([...histories.entries()].map(([key]) => key));
      for (const [key, known] of histories.entries()) {
        const again = new Map(read.entries()).get(key);
        expect(again?.lastMs).toBe(known.lastMs);
        expect(again?.jobs).toBeCloseTo(known.jobs, 3);
        expect(again?.needs.weights().map(([bucket]) => bucket)).toEqual(
          known.needs.weights().map(([bucket]) => bucket),
        );
      }
    }),
  );
});

it('has one line for each key', () => {
  const text = toText(learned([{ key: 'a\nb', bytes: MIB, wasKilled: false, timeMs: 5 }]));
  expect(text).toBe('{"format":"limits that memcage learned","version":1,"keys":[\n["a\\nb",5,1,[[0,1]]]\n]}\n');
});

const file = (changes: object) =>
  JSON.stringify({ format: 'limits that memcage learned', version: 1, keys: [], ...changes });
const entry = (...values: unknown[]) => file({ keys: [values] });

describe('parseText', () => {
  it('takes what is right', () => {
    expect(limits(parseText(entry('k', NOW, 1, [[0, 1]]), NOW))).toEqual([['k', bounds.floorBytes]]);
  });

  it('takes a time to come for now', () => {
    const [known] = [...parseText(entry('k', NOW + 1e9, 1, [[0, 1]]), NOW).entries()];
    expect(known?.[1].lastMs).toBe(NOW);
  });

  testRows(
    'refuses everything else',
    [
      ['', 'JSON'],
      ['{', 'JSON'],
      ['null', 'not a file of learned limits'],
      ['[]', 'not a file of learned limits'],
      ['{"name":"memcage"}', 'not a file of learned limits'],
      [file({ version: 2 }), 'its version is 2, and this memcage knows 1'],
      [file({ version: '1' }), 'its version is "1"'],
      [file({ keys: {} }), 'no list of keys'],
      [file({ keys: [null] }), 'entry 1 of its keys'],
      [entry(), 'entry 1'],
      [entry('k', NOW, 1), 'entry 1'],
      [entry('k', NOW, 1, [[0, 1]], 1), 'entry 1'],
      [entry(1, NOW, 1, [[0, 1]]), 'entry 1'],
      [entry('k', '5', 1, [[0, 1]]), 'entry 1'],
      [entry('k', -1, 1, [[0, 1]]), 'entry 1'],
      [entry('k', 9e15, 1, [[0, 1]]), 'entry 1'],
      [entry('k', NOW, null, [[0, 1]]), 'entry 1'],
      [entry('k', NOW, -1, [[0, 1]]), 'entry 1'],
      [entry('k', NOW, 1e9, [[0, 1]]), 'entry 1'],
      [entry('k', NOW, 1, []), 'entry 1'],
      [entry('k', NOW, 1, {}), 'entry 1'],
      [entry('k', NOW, 1, [0, 1]), 'entry 1'],
      [entry('k', NOW, 1, [[0, 1, 2]]), 'entry 1'],
      [entry('k', NOW, 1, [[0, '1']]), 'entry 1'],
      [entry('k', NOW, 1, [[0.5, 1]]), 'entry 1'],
      [entry('k', NOW, 1, [[-1, 1]]), 'entry 1'],
      [entry('k', NOW, 1, [[2000, 1]]), 'entry 1'],
      [entry('k', NOW, 1, [[0, 0]]), 'entry 1'],
      [entry('k', NOW, 1, [[0, -5]]), 'entry 1'],
      ['{"format":"limits that memcage learned","version":1,"keys":[["k",0,1,[[0,1e999]]]]}', 'entry 1'],
      [
        file({
          keys: [
            ['k', 0, 1, [[0, 1]]],
            ['k', 0, 1, [[0, 1]]],
          ],
        }),
        'a key twice',
      ],
      [
        file({
          keys: [
            ['k', 0, 1, [[0, 1]]],
            ['l', 0, 1, [[0]]],
          ],
        }),
        'entry 2',
      ],
    ],
    ([text, message]) => {
      const error = thrown(() => parseText(text, NOW));
      expect(error).toBeInstanceOf(SyntaxError);
      expect(error.message).toContain(message);
    },
  );

  it('refuses a damaged file, or has sensible limits of it', () => {
    const text = toText(
      learned(
        Array.from({ length: 40 }, (_, i) => ({
          key: `k${i % 5}`,
          bytes: (i + 20) * MIB,
          wasKilled: false,
          timeMs: NOW,
        })),
      ),
    );
    const damage = fc.record({
      at: fc.nat(text.length),
      cut: fc.nat(12),
      put: fc.oneof(
        fc.string({ maxLength: 6 }),
        fc.constantFrom('1e308', '-', 'null', '[', ']', ',', '9'.repeat(20), '0.1'),
      ),
    });
    let parsed = 0;
    fc.assert(
      fc.property(damage, ({ at, cut, put }) => {
        let histories: Histories;
        try {
          histories = parseText(text.slice(0, at) + put + text.slice(at + cut), NOW);
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
          return;
        }
        parsed += 1;
        for (const [, limit] of limits(histories)) {
          expect(Number.isSafeInteger(limit)).toBe(true);
          expect(limit).toBeGreaterThanOrEqual(bounds.floorBytes);
          expect(limit).toBeLessThanOrEqual(bounds.ceilingBytes);
        }
      }),
      { numRuns: 3000 },
    );
    expect(parsed).toBeGreaterThan(0);
  });
});
