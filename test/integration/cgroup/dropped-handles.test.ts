import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { fakeCgroup } from '../../support/cgroups/fake-cgroup';
import { patience } from '../../support/patience';

const FIXTURE = resolve(__dirname, '../../fixtures/dropped-handles.js');

test('a handle that nobody holds lives until its reclaim() is done; then its directory is closed for all', async () => {
  const cgroup = fakeCgroup({ 'memory.current': '4096\n', 'memory.reclaim': '' });
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', FIXTURE, cgroup.directory.path], {
      timeout: patience(20_000),
    });
    expect(JSON.parse(stdout)).toEqual({ reclaimed: 0, isOpen: false, saysSo: true });
  } finally {
    cgroup.remove();
  }
});
