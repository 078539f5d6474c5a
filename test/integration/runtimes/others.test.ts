import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { cagesOf } from '../../support/cgroups/cgroup-tree';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';
import { runtimePath } from '../../support/runtimes';

jest.setTimeout(patience(60_000));

const LOOK = resolve(__dirname, '../../fixtures/runtimes/look.cjs');

/** What docs/reference/nodes.md says about them. */
const UNSUPPORTED = 'ERR_MEMCAGE_UNSUPPORTED_NODE';
const works = {
  native: true,
  'Cgroup.self': true,
  'Cgroup.create': true,
  prepare: true,
  diagnose: true,
  createLauncher: true,
  spawn: true,
  fork: UNSUPPORTED,
  exec: UNSUPPORTED,
  execFile: UNSUPPORTED,
  run: true,
  contain: UNSUPPORTED,
  spawnSync: UNSUPPORTED,
  'its verdict': UNSUPPORTED,
  execFileSync: UNSUPPORTED,
  execSync: UNSUPPORTED,
};

async function look(name: 'bun' | 'deno', ...flags: string[]): Promise<Record<string, unknown>> {
  const cache = mkdtempSync(join(tmpdir(), 'memcage-runtimes-'));
  try {
    const env = { ...process.env, DENO_DIR: cache };
    const { stdout, stderr } = await promisify(execFile)(runtimePath(name) ?? '', [...flags, LOOK], { env });
    expect(stderr).toBe('');
    const { pid, ...results } = JSON.parse(stdout) as { pid: number };
    expect(cagesOf(pid)).toEqual([]);
    return results;
  } finally {
    rmSync(cache, { recursive: true });
  }
}

describeIf(['cgroup', 'bun'], 'in Bun', () => {
  test('all but what drives Node’s ChildProcess', async () => {
    expect(await look('bun')).toEqual(works);
  });
});

describeIf(['cgroup', 'deno'], 'in Deno', () => {
  test('the launcher, and cgroups', async () => {
    expect(await look('deno', 'run', '--allow-all', '--quiet')).toEqual(works);
  });
});
