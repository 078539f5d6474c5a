import { readFileSync } from 'node:fs';
import { run } from 'memcage';
import { expectNothingLeft } from '../../support/nothing-left';
import { describeIf } from '../../support/require';

/** Sizes in kB of the mappings of this process that fork(2) leaves out. */
function notCopied(): number[] {
  const mappings = readFileSync('/proc/self/smaps', 'latin1').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  return mappings
    .filter((mapping) => /^VmFlags:.* dc\b/m.test(mapping))
    .map((mapping) => Number(/^Size: +(\d+) kB$/m.exec(mapping)?.[1]));
}

describeIf('cgroup', 'what a fork of this process does not copy', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('is the stack of children, with its guard, and the memory of plans', async () => {
    await run('true', { memory: '8M' });
    expect(notCopied()).toEqual(expect.arrayContaining([4, 256, 16 << 10]));
  });
});
