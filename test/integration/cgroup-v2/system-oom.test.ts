import { run } from 'memcage';
import { expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';
import { home } from '../../support/v2-home';

// Takes memory until it is killed, as the first of all; what the pipe holds is all that is ever given back.
const GREEDY = 'echo 1000 > /proc/self/oom_score_adj && exec tail /dev/zero';

describeIf(['v2', 'guest', 'machine'], 'a machine without memory', () => {
  expectNothingLeft(() => run('true', { memory: '8M', parent: home() }));

  test(
    'is the cause, not a limit',
    async () => {
      const memory = { max: '1T', swap: 0 };
      const { signal, oom } = await run('sh', ['-c', GREEDY], { memory, parent: home(), reject: false });
      expect({ signal, oom }).toMatchObject({
        signal: 'SIGKILL',
        oom: { cause: 'system', kills: 1, limitBytes: null, path: null },
      });
    },
    patience(120_000),
  );
});
