import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fixture } from '../../support/cage-kinds';
import { hasPeak, limitOf, version } from '../../support/cgroups/cgroup-tree';
import { strangers } from '../../support/cgroups/strangers';
import { isAlive } from '../../support/processes/processes';
import { describeIf } from '../../support/require';

describeIf('cgroup', `a Cgroup of someone else on v${version}`, () => {
  const { inhabit, make } = strangers();

  describeIf('root', 'without rights', () => {
    test('reading works, everything else is ERR_MEMCAGE_NO_PERMISSION, and changes nothing', async () => {
      const path = make('64M');
      const pid = await inhabit(path);
      const args = [fixture('unprivileged.js'), path];
      const { stdout } = await promisify(execFile)(process.execPath, args, { uid: 65534, gid: 65534 });
      const refused = { code: 'ERR_MEMCAGE_NO_PERMISSION', path: 'string' };
      expect(JSON.parse(stdout)).toEqual({
        stat: 'object',
        usage: 'object',
        limits: 'object',
        pids: 'object',
        threads: 'object',
        peak: hasPeak ? 'number' : 'object',
        add: refused,
        setLimits: refused,
        kill: refused,
        remove: refused,
        create: refused,
        spawn: refused,
        run: refused,
        createCage: refused,
      });
      expect(isAlive(pid)).toBe(true);
      expect(limitOf(path)).toBe(64 << 20);
    });
  });
});
