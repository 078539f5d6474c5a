import type * as Memcage from 'memcage';
import { countLocally, nest } from '../../../support/cgroups/local-events';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';

jest.setTimeout(patience(30_000));

function withoutLog(): typeof Memcage {
  let library: typeof Memcage | undefined;
  jest.isolateModules(() => {
    jest.doMock('../../../../lib/cage/oom/kernel-log', () => ({
      ...jest.requireActual<object>('../../../../lib/cage/oom/kernel-log'),
      killsOf: () => ({ kills: [], victims: null, complete: 0 }),
    }));
    library = jest.requireActual<typeof Memcage>('../../../../lib');
  });
  jest.dontMock('../../../../lib/cage/oom/kernel-log');
  return library as typeof Memcage;
}

describeIf(['v2', 'remount'], 'the verdict by local counts, without the log of the kernel', () => {
  countLocally();
  let memcage: typeof Memcage;
  expectNothingLeft(() => {
    memcage = withoutLog();
    return memcage.run('true', { memory: '8M' });
  });

  testRows(
    'is of',
    [
      ['its own limit with the victim in a cgroup below', '8M', '-', 'keep', /^limit 1$/],
      ['a limit that the child has set below its own', '64M', '8M', 'keep', /^descendant 1$/],
      // Whether memcage has looked before it was removed.
      ['the victim in a cgroup below that its owner has removed', '8M', '-', 'remove', /^(limit 1|unknown 0)$/],
      ['the same, with the limit there', '64M', '8M', 'remove', /^unknown 0$/],
    ] as [string, `${number}M`, string, 'keep' | 'remove', RegExp][],
    async ([, memory, limit, then, told]) => {
      const { oom } = await nest({ spawn: (command, args) => memcage.spawn(command, args, { memory }) }, limit, then);
      expect(`${oom?.cause} ${oom?.kills}`).toMatch(told);
    },
    { name: ([name]) => name },
  );
});
