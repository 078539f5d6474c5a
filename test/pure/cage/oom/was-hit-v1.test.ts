import { wasHit } from '../../../../lib/cage/oom/was-hit-v1';
import { cgroupsInMemory } from '../../../support/cgroups/cgroups-in-memory';
import { testRows } from '../../../support/rows';

const LIMIT = 1_048_576;
const quiet = {
  'memory.limit_in_bytes': `${LIMIT}\n`,
  'memory.failcnt': '0\n',
  'memory.memsw.failcnt': '0\n',
  'memory.max_usage_in_bytes': '4096\n',
};

testRows<[string, Partial<typeof quiet>, boolean]>(
  'whether a limit was hit',
  [
    ['nothing happened', {}, false],
    ['memory was refused', { 'memory.failcnt': '1\n' }, true],
    ['memory and swap were refused', { 'memory.memsw.failcnt': '1\n' }, true],
    ['the use was at the limit', { 'memory.max_usage_in_bytes': `${LIMIT}\n` }, true],
    ['the next charge would have been too much', { 'memory.max_usage_in_bytes': `${LIMIT - 16_384 + 4096}\n` }, true],
    ['the largest charge had room', { 'memory.max_usage_in_bytes': `${LIMIT - 16_384}\n` }, false],
    ['there is no limit', { 'memory.limit_in_bytes': '9223372036854771712\n', 'memory.failcnt': '1\n' }, false],
  ],
  ([, files, expected]) => {
    const { directory } = cgroupsInMemory({ c: { ...quiet, ...files } });
    expect(wasHit(directory('c'))).toBe(expected);
  },
);

test('a kernel that does not account swap has no count of it', () => {
  const { 'memory.memsw.failcnt': _, ...files } = quiet;
  expect(wasHit(cgroupsInMemory({ c: files }).directory('c'))).toBe(false);
  expect(wasHit(cgroupsInMemory({ c: { ...files, 'memory.failcnt': '2\n' } }).directory('c'))).toBe(true);
});

test('what is no number is named', () => {
  const { directory } = cgroupsInMemory({ c: { ...quiet, 'memory.max_usage_in_bytes': 'much\n' } });
  expect(() => wasHit(directory('c'))).toThrow('/cg/c/memory.max_usage_in_bytes');
});
