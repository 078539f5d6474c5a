import { readPlan } from '../../../../lib/programs/test-runners/options';
import { testRows } from '../../../support/rows';

const MIB = 1024 ** 2;

test('readPlan() reads what is given', () => {
  const enforce = 'polled';
  expect(readPlan({ memory: '400M' }, 'caged')).toEqual({ memoryBytes: 400 * MIB, enforce });
  const evidence = { dir: '/tmp', at: '90%' } as const;
  expect(readPlan({ memory: '400M', total: '4G', learnFile: 'x.json', enforce: 'kernel', evidence }, 'caged')).toEqual({
    memoryBytes: 400 * MIB,
    totalBytes: 4096 * MIB,
    learnFile: 'x.json',
    enforce: 'kernel',
    evidence,
  });
});

testRows(
  'readPlan() refuses',
  [
    ['nothing', undefined, /an object such as \{ memory: '400M', total: '4G' \}/],
    ['no memory', {}, /Expected the limit of each worker, .* for memory/],
    ['a wrong size', { memory: 'much' }, /memory/],
    [
      'a total below the memory',
      { memory: '400M', total: '300M' },
      /Expected no less than memory, which is 400 MiB for total/,
    ],
    ['an unknown option', { memory: '400M', maxMemory: 1 }, /Unknown option 'maxMemory'/],
    ['an empty path', { memory: '400M', learnFile: '' }, /learnFile/],
    ['no place for evidence', { memory: '400M', evidence: {} }, /evidence\.dir/],
    ['nothing to hold it', { memory: '400M', enforce: 'none' }, /Expected 'kernel' or 'polled' for enforce/],
  ] as const,
  ([, options, message]) => expect(() => readPlan(options, 'caged')).toThrow(message),
);
