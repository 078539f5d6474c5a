import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { processesWith } from '../../support/processes/processes';
import { OVERSEER, type Overseen, type OverseeOptions, oversee } from '../../support/proving/oversee';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

const START = join(__dirname, '../../fixtures/proving/start.js');

const overseeStart = (rules: string[], options: OverseeOptions = {}): Promise<Overseen> =>
  oversee([process.execPath, START], { ...options, rules });

const shell = (script: string, options: OverseeOptions = {}): Promise<Overseen> =>
  oversee(['sh', '-c', script], { always: true, ...options });

const calls = ({ points }: Overseen, role: string): Set<string> =>
  new Set(points.filter((point) => point.role === role).map((point) => point.call));

describeIf(['seccomp', 'machine', 'root'], 'the overseer', () => {
  test('counts what a program does, and gives back its status', async () => {
    const end = await shell('mkdir /nowhere/at-all 2>&1; exit 3');
    expect(end).toMatchObject({ status: 3, left: [], hung: [], hits: [] });
    expect(end.stdout).toContain('No such file');
    expect(calls(end, 'parent')).toContain('wait4');
  });

  test('fails the n-th call, and no other', async () => {
    const script = 'cd /tmp; cd /usr 2>&1; cd /var';
    const end = await shell(script, { rules: [`fail parent chdir 2 ${constants.errno.EIO}`] });
    expect(end).toMatchObject({ status: 0, hits: ['/usr'] });
    expect(end.stdout).toContain("can't cd to /usr");
    expect(end.points.filter(({ call }) => call === 'chdir').map(({ nth, subject }) => [nth, subject])).toEqual([
      [1, '/tmp'],
      [2, '/usr'],
      [3, '/var'],
    ]);
  });

  test('ends what a program has left, and says so', async () => {
    const end = await shell('sleep 1000.25 & exit 0', { graceMs: 100 });
    expect(end.status).toBe(0);
    expect(end.left).toEqual([expect.stringContaining('sleep 1000.25')]);
    expect(processesWith('1000.25')).toEqual([]);
  });

  test('ends what hangs, and says where', async () => {
    const end = await shell('sleep 1000.75', { timeoutMs: 300 });
    expect(end.status).toBe(124);
    expect(end.hung).toContainEqual(expect.stringContaining('sleep 1000.75'));
    expect(processesWith('1000.75')).toEqual([]);
  });

  test('tells of the signal that ended a program', async () => {
    expect(await shell('kill -ABRT $$')).toMatchObject({ status: 128 + constants.signals.SIGABRT });
  });

  test('lets a guardian that it has stopped go on, also when there is another one by then', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'memcage-test-overseer-'));
    try {
      copyFileSync('/bin/sh', join(directory, 'memcage-exec'));
      const guardian = (name: string): string => `
        ./memcage-exec -c ': >${name}; sleep 0.2; :' memcage-guardian &
        until [ -e ${name} ]; do :; done`;
      const script = `${guardian('first')}; cd .; ${guardian('second')}`;
      const rules = ['stop guardian parent chdir 1'];
      expect(await shell(script, { rules, cwd: directory })).toMatchObject({ status: 0, hits: [directory], left: [] });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  // The overseer is two processes.
  test.each([0, 1])('leaves nothing when it is killed (%i)', async (which) => {
    const marker = `1000.${5 + which}5`;
    let ended = false;
    const end = shell(`sleep ${marker} & sleep ${marker}`, {
      onStart: (overseer) => {
        void until('its children sleep', () => processesWith(marker).length >= 3).then(() => {
          const inner = readFileSync(`/proc/${overseer}/task/${overseer}/children`, 'utf8').trim();
          process.kill(which === 0 ? overseer : Number(inner), 'SIGKILL');
          ended = true;
        });
      },
    });
    await end;
    expect(ended).toBe(true);
    await until('everything has ended', () => processesWith(marker).length === 0);
  });

  test('counts calls by what they are about', async () => {
    const script = 'cd /tmp; cd /usr 2>&1; cd /var; cd /usr 2>&1';
    const end = await shell(script, { rules: [`fail parent chdir 2:^/(usr|tmp)$ ${constants.errno.EIO}`] });
    expect([end.hits, end.stdout.match(/can't cd/g)?.length]).toEqual([['/usr'], 1]);
  });

  test('runs a command at a call, which goes on when that has ended', async () => {
    const script = 'cd /tmp; cd /usr; echo $PPID; cat $1';
    const rules = ['run parent chdir 2 echo it is $CALLER; readlink /proc/$CALLER/cwd; exit 3'];
    const end = await shell(script, { rules });
    expect(end).toMatchObject({ status: 0, hits: ['/usr'], ran: [3], late: 0, left: [] });
    expect(end.stdout).toMatch(new RegExp(`^it is ${end.pid}\n/tmp\n\\d+\n$`));
  });

  test('refuses what is no rule', () => {
    for (const rule of [
      ...[
        'fail parent mkdirat 1',
        'fail nobody mkdirat 1 5',
        'kill child child execve 1',
        'kill watcher child execve 1',
        'hold x',
        'kill parent x',
      ],
      ...[
        'fail parent mkdirat 1:( 5',
        'hold parent read 1 end child 0',
        'hold parent read 1 after',
        'run parent read 1',
      ],
    ]) {
      const { status, stderr } = spawnSync(OVERSEER, ['--log', '/dev/null', '--rule', rule, '--', 'true'], {
        encoding: 'utf8',
      });
      expect([status, stderr]).toEqual([2, expect.stringContaining(`no rule: ${rule}`)]);
    }
  });
});

describeIf(['seccomp', 'machine', 'root', 'cgroup'], 'the overseer of memcage', () => {
  test('tells the parts of memcage apart', async () => {
    const end = await overseeStart([]);
    expect(end).toMatchObject({ status: 0, stdout: 'started\n', left: [] });
    expect(calls(end, 'parent')).toContain('mkdirat');
    expect(calls(end, 'watcher')).toContain('waitid');
    expect(calls(end, 'child')).toContain('execve');
    // The parent waits for that, and for nothing later of the guardian's.
    expect(calls(end, 'guardian')).toContain('sendto');
    expect(calls(end, 'launcher').size + calls(end, 'init').size).toBe(0);
    const programs = end.executions.map(({ before, program }) => [before, program.split('/').pop()]);
    expect(programs).toEqual([
      ['child', 'memcage-exec'],
      ['child', expect.stringMatching(/^(true|coreutils|busybox)$/)],
    ]);
    expect(end.executions[1]?.cgroups).toContainEqual(expect.stringMatching(/memory:.*memcage-|^0::.*memcage-/));
  });

  test('knows a launcher from the init that it becomes', async () => {
    const end = await oversee([process.execPath, START, 'init']);
    expect(end).toMatchObject({ status: 0, stdout: 'started\n', left: [] });
    expect(calls(end, 'launcher')).toContain('execve');
    expect(calls(end, 'init')).toContain('chdir');
  });

  test.each([
    ['the init', 'hold launcher rt_sigprocmask 3 init close_range 1'],
    ['the launcher', 'hold init rt_sigprocmask 1 launcher prctl 4'],
  ])('knows both where %s is first after the fork', async (_, rule) => {
    const end = await oversee([process.execPath, START, 'init'], { rules: [rule] });
    expect(end).toMatchObject({ status: 0, stdout: 'started\n', released: 1, late: 0 });
    expect([calls(end, 'init').has('rt_sigprocmask'), calls(end, 'launcher').has('chdir')]).toEqual([true, false]);
  });

  test('fails a call of the child', async () => {
    const { hits, stdout } = await overseeStart([`fail child execve 2 ${constants.errno.ELOOP}`]);
    expect(hits).toEqual([expect.stringContaining('true')]);
    expect(stdout).toBe('ELOOP -40 spawn\n');
  });

  test('kills the parent: nothing is left', async () => {
    const end = await overseeStart(['kill parent parent mkdirat 3']);
    expect(end).toMatchObject({ status: 128 + constants.signals.SIGKILL, hits: [expect.anything()], left: [] });
  });

  test('tells a kill that met nobody from one that did', async () => {
    // The socket on which the guardian will hear.
    const at = 'parent socketpair 1';
    const early = await overseeStart([`kill guardian ${at}`, `stop guardian ${at}`]);
    expect(early).toMatchObject({ status: 0, stdout: 'started\n', hits: [], missed: ['', ''] });
    const before = early.points.slice(0, early.there.guardian[0]).map(({ call }) => call);
    expect([before.includes('socketpair'), before.includes('mkdirat')]).toEqual([true, false]);

    expect(await overseeStart([`kill both ${at}`])).toMatchObject({ hits: [''], missed: [] });

    // memcage is about to replace it: not before the second kill.
    const kept = 'hold parent socketpair 2 after watcher unlinkat 1';
    const rules = ['kill guardian child execve 2', 'hold watcher waitid 1 end guardian 2', kept];
    const twice = await overseeStart([...rules, 'kill guardian watcher unlinkat 1']);
    expect(twice.hits.length).toBeGreaterThanOrEqual(2);
    expect([twice.missed.length, twice.late]).toEqual([1, 0]);
  });

  test('stops the guardian, and lets it go on after the end', async () => {
    const stopped = await overseeStart(['stop guardian child execve 2']);
    expect(stopped).toMatchObject({ status: 0, stdout: 'started\n', left: [] });
    const forever = await oversee([process.execPath, START], {
      rules: ['stop guardian child execve 2'],
      continueMs: 10_000,
    });
    expect(forever.left).toEqual([expect.stringContaining('memcage-guardian')]);
  });

  test('holds one until another one has come', async () => {
    // The guardian answers only once the parent waits for its answer.
    const end = await overseeStart(['hold guardian sendto 1 parent poll 1']);
    expect(end).toMatchObject({ status: 0, stdout: 'started\n', released: 1, late: 0 });
  });

  test('ends a hold for which nobody comes', async () => {
    // The parent waits ten seconds for its guardian.
    const end = await overseeStart(['hold guardian sendto 1 parent pivot_root 1'], { holdMs: 500 });
    expect(end).toMatchObject({ status: 0, stdout: 'started\n', released: 0, late: 1 });
  });
});
