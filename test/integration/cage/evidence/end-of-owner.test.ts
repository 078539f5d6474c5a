import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFixture } from '../../../support/fixture';
import { patience } from '../../../support/patience';
import { isAlive } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { until } from '../../../support/until';

jest.setTimeout(patience(60_000));

describeIf(['cgroup', 'root'], 'a process that dies while its cage is stopped for evidence', () => {
  testRows('leaves nothing that is stopped', ['SIGKILL', 'SIGTERM'] as const, async (signal) => {
    const dir = mkdtempSync(join(tmpdir(), 'memcage-test-evidence-'));
    try {
      const { end } = startFixture('cage/evidence/dies.js', dir, signal);
      const { signal: by, stdout, stderr } = await end;
      expect({ by, stderr }).toEqual({ by: signal, stderr: '' });
      const { pid, cgroup } = JSON.parse(stdout) as { pid: number; cgroup: string };
      await until('the end of the child', () => !isAlive(pid));
      await until('the end of its cage', () => !existsSync(cgroup));
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
