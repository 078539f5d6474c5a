import * as fc from 'fast-check';
import { likelyMeant } from '../../../../lib/common/errors/likely-meant';
import { testRows } from '../../../support/rows';

const KNOWN = ['memory', 'node-heap', 'stat', 'ls', 'completion'];

testRows<[string, string | undefined]>(
  'which name a word was likely meant to be',
  [
    ['Memory', 'memory'],
    ['nodeHeap', 'node-heap'],
    ['memroy', 'memory'],
    ['memry', 'memory'],
    ['memorys', 'memory'],
    ['comptelion', 'completion'],
    ['stats', 'stat'],
    ['satt', 'stat'],
    ['tsat', 'stat'],
    ['stta', 'stat'],
    // In a short name two letters make it another word.
    ['stxx', undefined],
    ['stxa', undefined],
    ['sttx', undefined],
    ['sl', undefined],
    ['', undefined],
    // What others call it.
    ['max-mem', 'memory'],
    ['toString', undefined],
  ],
  ([word, meant]) => expect(likelyMeant(word, KNOWN, { maxmem: 'memory' })).toBe(meant),
);

test('the nearest of several', () => {
  expect(likelyMeant('stat', ['starts', 'stats'])).toBe('stats');
  expect(likelyMeant('statr', ['starts', 'stat'])).toBe('stat');
});

test('its name, before what others call something else', () => {
  expect(likelyMeant('Memory', ['ram', 'memory'], { memory: 'ram' })).toBe('memory');
});

/** How many letters are missing, superfluous, wrong or swapped, by the definition. */
function distance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const isSwapped = a.length > 1 && b.length > 1 && a[0] === b[1] && a[1] === b[0];
  return Math.min(
    distance(a.slice(1), b) + 1,
    distance(a, b.slice(1)) + 1,
    distance(a.slice(1), b.slice(1)) + (a[0] === b[0] ? 0 : 1),
    isSwapped ? distance(a.slice(2), b.slice(2)) + 1 : Number.POSITIVE_INFINITY,
  );
}

/** The word with two letters swapped, or one left out, added or changed. */
function slip(word: string, [kind, at, letter]: readonly [kind: number, at: number, letter: string]): string {
  const before = word.slice(0, at);
  const [one = '', two = ''] = word.slice(at);
  return before + [two + one, two, one + letter + two, letter + two][kind] + word.slice(at + 2);
}

test('a letter or two of a longer name, and none of a short one', () => {
  const letter = fc.constantFrom('a', 'b', 'c');
  const slips = fc.array(fc.tuple(fc.nat(3), fc.nat(5), letter), { maxLength: 3 });
  fc.assert(
    fc.property(fc.string({ unit: letter, minLength: 1, maxLength: 6 }), slips, (name, made) => {
      const given = made.reduce(slip, name);
      const isNear = distance(given, name) <= Math.min(2, Math.floor(name.length / 3));
      expect(likelyMeant(given, [name])).toBe(isNear ? name : undefined);
    }),
    { numRuns: 500 },
  );
});
