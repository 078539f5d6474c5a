import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { compiledFills } from '../../../support/evidence/fills';
import { startFixture } from '../../../support/fixture';
import { patience } from '../../../support/patience';
import { isAlive } from '../../../support/processes/processes';
import { describeIf, has } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { until } from '../../../support/until';

jest.setTimeout(patience(60_000));

describeIf(['cgroup', 'root'], 'a process that dies while its cage is stopped for evidence', () => {
  const fills = compiledFills();
  const stopped = [
    ['SIGKILL', 'stopped'],
    ['SIGTERM', 'stopped'],
  ] as const;
  const lent = [
    ['SIGKILL', 'lent'],
    ['SIGTERM', 'lent'],
  ] as const;
  // An emulated Node may be too slow to be asked for a snapshot.
  const cases = has('unemulated') ? [...stopped, ...lent] : stopped;
  testRows('leaves nothing that is stopped, or was lent memory', cases, async ([signal, state]) => {
    const dir = mkdtempSync(join(tmpdir(), 'memcage-test-evidence-'));
    try {
      const { end } = startFixture('cage/evidence/dies.js', dir, signal, state, ...fills({ firstMb: 16 }).flat());
      const { signal: by, stdout, stderr } = await end;
      expect({ by, stderr }).toEqual({ by: signal, stderr: '' });
      const { pid, cgroup } = JSON.parse(stdout) as { pid: number; cgroup: string };
      await until('the end of the child', () => !isAlive(pid));
      await until('the end of its cage', () => !existsSync(cgroup));
      await until('the end of what was beside it', () => !existsSync(dirname(cgroup)));
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
