import { run } from 'memcage';
import { home } from '../../support/cgroups/v2-home';
import { expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

// Allocates memory until the kernel kills it, as the first of all. Only what fits into the pipe is ever freed again.
const GREEDY = 'echo 1000 > /proc/self/oom_score_adj && exec tail /dev/zero';

describeIf(['v2', 'guest', 'machine'], 'a machine without memory', () => {
  expectNothingLeft(() => run('true', { memory: '8M', parent: home() }));

  test(
    'is the cause, not a limit',
    async () => {
      const memory = { max: '1T', swap: 0 } as const;
      const { signal, oom } = await run('sh', ['-c', GREEDY], { memory, parent: home(), reject: false });
      expect({ signal, oom }).toMatchObject({
        signal: 'SIGKILL',
        oom: { cause: 'system', kills: 1, limitBytes: null, path: null },
      });
    },
    patience(120_000),
  );
});
