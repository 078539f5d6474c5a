import { makeCgroup } from '../../support/cgroups/cgroup-tree';
import { giveTo } from '../../support/cgroups/delegate';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';
import { type Attempt, lines, runAfter, user } from '../../support/rootless';

jest.setTimeout(patience(60_000));

const UNTRUSTED = { untrusted: true, memory: '32M' } as const;

describeIf(
  ['root', 'v1', 'pids', 'unprivileged-userns', 'root-read-only', 'seccomp'],
  'untrusted, without root',
  () => {
    let groups: ReturnType<typeof makeCgroup>[] = [];
    beforeEach(() => {
      groups = (['memory', 'pids', 'cpuacct'] as const).map((controller) => makeCgroup(undefined, controller));
      for (const { path } of groups) giveTo(path, user);
    });
    afterEach(() => {
      for (const { remove } of groups) remove();
    });

    const sh = async (script: string, more: Attempt[2] = {}) => {
      const [memory = '', pids = '', cpuacct = ''] = groups.map(({ path }) => path);
      const enter = 'for each in "$0" "$1" "$2"; do echo 0 >"$each/cgroup.procs"; done; shift 2; exec "$@"';
      const [result] = await runAfter(
        ['sh', '-c', enter, memory, pids, cpuacct],
        [['sh', ['-c', script], { ...UNTRUSTED, ...more }]],
      );
      return result;
    };

    test('a user namespace takes the place of another user, and the init is out of reach', async () => {
      const script = [
        'id -u; while read -r a b c; do echo $a $b $c; done </proc/self/uid_map',
        "sed -n 's/^Cap...:\\t0*$/none/p' /proc/self/status | sort -u",
        'for each in /etc/passwd /home /proc/1/environ /proc/1/exe /proc/1/maps; do cat $each; done 2>/dev/null',
        'kill -9 1; ls -d /proc/[0-9]* | wc -l; uname -n; tail -n +3 /proc/net/dev | wc -l',
      ].join('; ');
      const result = await sh(script);
      // The init, the shell, ls and wc.
      expect(lines(result?.stdout ?? String(result?.message))).toEqual([
        '0',
        `0 ${user.uid} 1`,
        'none',
        expect.stringMatching(/^[34]$/),
        'untrusted',
        '1',
      ]);
    });

    test('limits hold', async () => {
      expect(await sh('tail /dev/zero')).toMatchObject({ oom: { cause: 'limit' } });
      expect(await sh('trap "" TERM; sleep 60', { timeout: 300 })).toMatchObject({ exitCode: null, oom: null });
    });
  },
);
