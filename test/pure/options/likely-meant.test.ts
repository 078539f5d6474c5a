import { likelyMeant } from '../../../lib/options/likely-meant';
import { testRows } from '../../support/rows';

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
    // In a short name two letters make it another word.
    ['stxx', undefined],
    ['sl', undefined],
    ['', undefined],
    // What others call it.
    ['max-mem', 'memory'],
    ['toString', undefined],
  ],
  ([word, meant]) => expect(likelyMeant(word, KNOWN, { maxmem: 'memory' })).toBe(meant),
);
