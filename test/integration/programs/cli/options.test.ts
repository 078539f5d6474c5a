import { constants, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { constants as machine, tmpdir } from 'node:os';
import { join } from 'node:path';
import { KILL, refusing } from '../../../support/cgroups/bpf';
import { makeCgroup, members, mountPoint, OWN_CGROUP_IN_SHELL, openCages } from '../../../support/cgroups/cgroup-tree';
import { runCli, startCli } from '../../../support/cli/cli';
import { patience } from '../../../support/patience';
import { hasEnded, isAlive } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { NAMESPACE_FILES } from '../../../support/roots/namespace-files';
import { SYSTEM } from '../../../support/roots/root-directory';
import { testRows } from '../../../support/rows';
import { until } from '../../../support/until';

const HOG = 'Buffer.alloc(1 << 30, 1)';
const directory = mkdtempSync(join(tmpdir(), 'memcage-cli-'));
afterAll(() => rmSync(directory, { recursive: true }));

describeIf('cgroup', 'settings of the command', () => {
  test('limits, each once or with its hard limit, score and nice value', async () => {
    const options = ['--rlimit', 'nofile=64', '--rlimit=fsize=1M:2M', '--oom-score-adj', '500', '--nice=5'];
    const show = 'ulimit -n; ulimit -Sf; ulimit -Hf; cat /proc/self/oom_score_adj; nice';
    const end = await runCli(['run', ...options, '--', 'sh', '-c', show]);
    expect(end).toMatchObject({ code: 0, stdout: '64\n2048\n4096\n500\n5\n', stderr: '', left: [] });
  });

  test('a limit that ends it by a signal of its own is told', async () => {
    const loop = ['--', 'sh', '-c', 'while :; do :; done'];
    expect(await runCli(['run', '--rlimit', 'cpu=1:2', ...loop])).toMatchObject({
      code: 128 + machine.signals.SIGXCPU,
      stderr: 'memcage: sh: ended by SIGXCPU, at its limit of the processor time of one process (--rlimit cpu)\n',
    });
    expect(await runCli(['run', '--rlimit', 'cpu=1', ...loop])).toMatchObject({
      code: 128 + machine.signals.SIGKILL,
      stderr: 'memcage: sh: killed, perhaps at its limit of the processor time of one process (--rlimit cpu)\n',
    });
    const kill = ['--', 'sh', '-c', 'kill -KILL $$'];
    expect(await runCli(['run', '--rlimit', 'cpu=1', ...kill])).toMatchObject({ stderr: '' });
    const file = join(directory, 'large');
    const writing = ['dd', 'if=/dev/zero', `of=${file}`, 'bs=1M', 'count=2', 'status=none'];
    expect(await runCli(['run', '--rlimit', 'fsize=1M', '--', ...writing])).toMatchObject({
      code: 128 + machine.signals.SIGXFSZ,
      stderr: 'memcage: dd: ended by SIGXFSZ, at its limit of the size of a file (--rlimit fsize)\n',
    });
  });
});

describeIf(['cgroup', 'root-read-only'], 'the files that the command sees', () => {
  const system = SYSTEM.flatMap(({ target: to }) => ['--bind', `${to}:${to}:ro`]);

  test('an empty root, read-only, with binds, a tmpfs and a hidden path', async () => {
    const options = [...system, '--tmpfs', '/', '--read-only', '--tmpfs', '/tmp:1M', '--hide', '/usr/share'];
    const script =
      'pwd; touch /x 2>/dev/null || echo read-only; touch /tmp/x; ls /tmp; ls -A /usr/share | wc -l; cat /own';
    const file = join(directory, 'own');
    writeFileSync(file, 'own');
    const end = await runCli(['run', ...options, '--bind', `${file}:/own`, '--', 'sh', '-c', script]);
    expect(end).toMatchObject({ code: 0, stdout: '/\nread-only\nx\n0\nown', stderr: '', left: [] });
  });

  test('a program that is not inside, and a mount that fails', async () => {
    const none = await runCli(['run', '--tmpfs', '/', 'sh']);
    expect(none).toMatchObject({ code: 127, left: [] });
    const failed = await runCli(['run', '--bind', '/usr:/none', 'true']);
    expect(failed).toMatchObject({
      code: 125,
      stderr: expect.stringMatching(
        /^memcage: --bind \/usr:\/none could not .* Cure: mkdir.* below --tmpfs, where/,
      ) as string,
    });
  });

  test('where it begins, inside and without a root of its own', async () => {
    const inside = ['--read-only', '--tmpfs', '/tmp', '--bind', `${directory}:/mnt`, '--cwd', '/mnt'];
    expect(await runCli(['run', ...inside, 'pwd'])).toMatchObject({ code: 0, stdout: '/mnt\n', stderr: '' });
    expect(await runCli(['run', '--cwd', directory, 'pwd'])).toMatchObject({ code: 0, stdout: `${directory}\n` });
    const covered = await runCli(['run', '--tmpfs', '/tmp', '--cwd', '/tmp/none', 'true']);
    expect(covered).toMatchObject({
      code: 125,
      stderr: expect.stringMatching(/^memcage: The child can't begin in \/tmp\/none .*Cure: --cwd, with/) as string,
    });
  });

  test('what ends with the command is not waited for', async () => {
    for (const option of ['--read-only', '--pid']) {
      expect(await runCli(['run', '--keep-descendants', option, '-m', '50M', 'true'])).toMatchObject({
        code: 125,
        stderr: expect.stringMatching(
          /^memcage: --keep-descendants can't hold: .* makes a PID namespace, .*\. Cure: leave out one of the two /,
        ) as string,
      });
    }
  });

  test('wrong words', async () => {
    const end = await runCli(['run', '--bind', '/usr', 'true']);
    expect(end).toMatchObject({ code: 125, stderr: expect.stringContaining('--bind is SOURCE:TARGET') as string });
  });
});

describeIf(['cgroup', 'pids', 'cpu', 'cpuset'], 'limits of processes and processor', () => {
  test('hold, and are told', async () => {
    const options = ['--pids', '3', '--cpu=0.5', '--cpu-weight', '50', '--cpu-set', '0'];
    const script =
      'my $n = 0; for (1 .. 9) { my $p = fork(); last unless defined $p; if (!$p) { sleep 9; exit } $n++ } print $n';
    const json = join(directory, 'limits.json');
    const end = await runCli(['run', ...options, '--outcome', json, '--summary', '--', 'perl', '-e', script]);
    expect(end).toMatchObject({ code: 0, stdout: '2', left: [] });
    expect(end.stderr).toContain('memcage: perl: 1 fork was refused at the limit of 3 (--pids)\n');
    expect(end.stderr).toMatch(/pids +at most 3 at once, the limit is 3, 1 fork was refused|pids +not recorded/);
    expect(end.stderr).toMatch(/cpu +limit 0.5, waited \d+\.\d\d s for it/);
    const { limits } = JSON.parse(readFileSync(json, 'utf8')) as { limits: unknown };
    expect(limits).toMatchObject({ pids: { limit: 3, limitHits: 1 }, cpu: { limit: 0.5 } });
  });
});

describeIf('cgroup', 'a limit of processor time', () => {
  test('ends the command, and is told', async () => {
    const json = join(directory, 'cpu-time.json');
    const options = ['--cpu-time', '200ms', '--outcome', json, '--summary'];
    const end = await runCli(['run', ...options, '--', 'sh', '-c', 'while :; do :; done']);
    expect(end).toMatchObject({ code: 137, stdout: '', left: [] });
    expect(end.stderr).toContain('memcage: sh: killed at its limit of 200 ms of processor time (--cpu-time)\n');
    expect(end.stderr).toMatch(/cpu time +\d+ ms, the limit is 200 ms: killed\n/);
    const { limits } = JSON.parse(readFileSync(json, 'utf8')) as { limits: unknown };
    expect(limits).toMatchObject({ cpuTime: { limitMs: 200, hit: true } });
  });
});

describeIf(['cgroup', 'root', 'root-read-only', 'pids', 'seccomp'], 'a command that nobody trusts', () => {
  test('has only what the system has, and what you show it', async () => {
    const file = join(directory, 'job');
    writeFileSync(file, 'job', { mode: 0o644 });
    const script = 'cat /job; echo; pwd; echo /home/* $KEY; uname -n; tail -n +3 /proc/net/dev | wc -l';
    const options = ['run', '--untrusted', '-m', '64M', '--bind', `${file}:/job:ro`];
    const end = await runCli([...options, '--', 'sh', '-c', script]);
    expect(end).toMatchObject({ code: 0, stdout: 'job\n/tmp\n/home/*\nuntrusted\n1\n', stderr: '', left: [] });
    const network = await runCli([...options, '--share-net', 'tail', '-n', '+3', '/proc/net/dev']);
    expect(network.stdout).toBe(readFileSync('/proc/net/dev', 'utf8').split('\n').slice(2).join('\n'));
  });

  test('does not succeed when a part of it was killed for memory', async () => {
    const end = await runCli(['run', '--untrusted', '-m', '32M', 'sh', '-c', 'tail /dev/zero; exit 0']);
    expect(end).toMatchObject({ code: 137, left: [] });
    expect(end.stderr).toContain('was killed for its memory limit of 32 MiB');
  });

  test('is ended by a time-out that it does not choose', async () => {
    const end = await runCli([
      'run',
      '--untrusted',
      '-m',
      '64M',
      '--timeout',
      '300ms',
      'sh',
      '-c',
      'trap "" TERM; sleep 9',
    ]);
    expect(end).toMatchObject({
      code: 137,
      stderr: 'memcage: sh: it did not end within 300 ms (--timeout)\n',
      left: [],
    });
  });
});

describeIf('cgroup', 'a time-out', () => {
  testRows(
    'ends the command by the signal, and is told',
    [
      [[], 'SIGTERM'],
      [['--kill-signal', 'SIGINT'], 'SIGINT'],
      [['--pid'], 'SIGKILL'],
    ] as const,
    async ([options, signal]) => {
      const outcome = join(directory, 'timeout.json');
      const end = await runCli(['run', '--timeout', '200ms', ...options, '--outcome', outcome, 'sleep', '1000']);
      expect(end).toMatchObject({ code: 128 + machine.signals[signal], left: [] });
      expect(end.stderr).toBe('memcage: sleep: it did not end within 200 ms (--timeout)\n');
      expect(JSON.parse(readFileSync(outcome, 'utf8'))).toMatchObject({ exitCode: null, signal });
    },
  );

  test('that is not reached changes nothing', async () => {
    const end = await runCli(['run', '--timeout', '1h', 'sh', '-c', 'exit 3']);
    expect(end).toMatchObject({ code: 3, stderr: '', left: [] });
  });
});

describeIf(['cgroup', 'root'], 'who the command is', () => {
  test('another user and group', async () => {
    const end = await runCli(['run', '--uid', '65534', '--gid', '65533', 'sh', '-c', 'id -u; id -g']);
    expect(end).toMatchObject({ code: 0, stdout: '65534\n65533\n', stderr: '' });
  });

  test('a child of an init', async () => {
    const end = await runCli(['run', '--init', '--mount', 'sh', '-c', 'echo $$ $PPID; cat /proc/1/comm']);
    expect(end).toMatchObject({ code: 0, stdout: '2 1\nmemcage-exec\n', stderr: '', left: [] });
  });
});

describeIf(['cgroup', 'root', 'seccomp'], 'privileges of the command', () => {
  const SHOW = ['grep', '-E', '^(CapEff|NoNewPrivs|Seccomp:)', '/proc/self/status'];
  const shown = async (...options: string[]) => (await runCli(['run', ...options, '--', ...SHOW])).stdout;
  const lines = (capabilities: string, noNewPrivileges: number, seccomp: number) =>
    `CapEff:\t${capabilities}\nNoNewPrivs:\t${noNewPrivileges}\nSeccomp:\t${seccomp}\n`;

  test('none that are new, and which are kept', async () => {
    expect(await shown('--no-new-privileges', '--capabilities', 'none')).toBe(lines('0000000000000000', 1, 0));
    expect(await shown('--capabilities=CAP_CHOWN,kill')).toBe(lines('0000000000000021', 0, 0));
  });

  test('a filter from a file', async () => {
    const file = join(directory, 'filter.bpf');
    writeFileSync(file, refusing(['mkdir', 'mkdirat'], KILL));
    expect(await shown('--capabilities', 'none', '--seccomp', file)).toBe(lines('0000000000000000', 1, 2));
    const end = await runCli(['run', '--seccomp', file, 'mkdir', join(directory, 'never')]);
    expect(end).toMatchObject({ code: 128 + 31, left: [] });
  });

  test('the default filter', async () => {
    const end = await runCli(['run', '--seccomp', 'default', 'unshare', '-U', 'true']);
    expect(end).toMatchObject({ code: 1, stderr: expect.stringContaining('not permitted') as string });
  });
});

describeIf(['cgroup', 'root'], 'namespaces', () => {
  testRows('each is new by its option', Object.entries(NAMESPACE_FILES), async ([option, file]) => {
    const end = await runCli(['run', `--${option}`, 'readlink', `/proc/self/ns/${file}`]);
    expect(end).toMatchObject({ code: 0, stderr: '', left: [] });
    expect(end.stdout.trim()).toMatch(new RegExp(`^${file}:\\[\\d+\\]$`));
    expect(end.stdout.trim()).not.toBe(readlinkSync(`/proc/self/ns/${file}`));
  });

  test("without these options all are the parent's", async () => {
    const files = Object.values(NAMESPACE_FILES);
    const end = await runCli([
      'run',
      'sh',
      '-c',
      `for kind in ${files.join(' ')}; do readlink /proc/self/ns/$kind; done`,
    ]);
    expect(end.stdout.trim().split('\n')).toEqual(files.map((file) => readlinkSync(`/proc/self/ns/${file}`)));
  });

  test('--hostname makes a UTS namespace by itself', async () => {
    const before = readFileSync('/proc/sys/kernel/hostname', 'utf8');
    expect(await runCli(['run', '--hostname', 'cage', 'hostname'])).toMatchObject({
      code: 0,
      stdout: 'cage\n',
      left: [],
    });
    expect(readFileSync('/proc/sys/kernel/hostname', 'utf8')).toBe(before);
  });

  test('--pid --mount: the command is pid 1 and sees only its own processes', async () => {
    const end = await runCli(['run', '--pid', '--mount', 'sh', '-c', 'echo $$; echo /proc/[0-9]*']);
    expect(end).toMatchObject({ code: 0, stdout: '1\n/proc/1\n', left: [] });
  });
});

describeIf('cgroup', '--outcome', () => {
  const file = join(directory, 'outcome.json');
  const outcome = (): unknown => JSON.parse(readFileSync(file, 'utf8'));

  test('the whole outcome', async () => {
    await runCli(['run', '-m', '50M', '--outcome', file, 'sh', '-c', 'exit 5']);
    expect(outcome()).toEqual({
      error: null,
      evidence: null,
      exitCode: 5,
      signal: null,
      oom: null,
      nodeHeap: null,
      limits: { pids: null, cpu: null, cpuTime: null },
      stalled: null,
      memory: {
        limitBytes: 50 * 1024 * 1024,
        peakBytes: expect.any(Number) as number,
        swapLimited: true,
        details: null,
      },
      cpu: { userMs: expect.any(Number) as number, systemMs: expect.any(Number) as number },
      faults: { minor: expect.any(Number) as number, major: expect.any(Number) as number },
      durationMs: expect.any(Number) as number,
      enforcedBy: { kind: 'kernel', reason: null },
    });
  });

  test('of a kill for memory', async () => {
    await runCli(['run', '-m', '100M', '--outcome', file, process.execPath, '-e', HOG]);
    expect(outcome()).toMatchObject({
      exitCode: null,
      signal: 'SIGKILL',
      oom: { cause: 'limit', kills: 1 },
      memory: { limitBytes: 100 * 1024 * 1024, peakBytes: 100 * 1024 * 1024 },
    });
  });

  test('of a command that is not there', async () => {
    await runCli(['run', '-m', '50M', '--outcome', file, 'no-such-command']);
    expect(outcome()).toMatchObject({
      exitCode: null,
      signal: null,
      oom: null,
      error: { code: 'ENOENT', stage: 'exec' },
    });
  });

  test('of a cage that the kernel refuses', async () => {
    await runCli(['run', '--parent', '/no/such/cgroup', '--outcome', file, 'true']);
    expect(outcome()).toMatchObject({ exitCode: null, error: { code: 'ERR_MEMCAGE_NO_PARENT' } });
  });

  test('a file that can not be written: the command is not run', async () => {
    const mark = join(directory, 'was-run');
    const end = await runCli(['run', '--outcome', '/no/such/directory/file', 'touch', mark]);
    expect(end).toMatchObject({ code: 125, left: [] });
    expect(end.stderr).toMatch(
      /^memcage: --outcome \/no\S+ can't be written: ENOENT: [^,]*\. Cure: mkdir -p \/no\/such\/directory\n$/,
    );
    expect(() => readFileSync(mark)).toThrow('ENOENT');
  });
});

describeIf('cgroup', 'stdio and arguments', () => {
  test('stdin is piped through, stdout and stderr come out apart', async () => {
    const input = 'a line\n'.repeat(50_000);
    const end = await runCli(['run', '-m', '50M', 'sh', '-c', 'echo said >&2; exec cat'], { input });
    expect(end).toEqual({ code: 0, signal: null, stdout: input, stderr: 'said\n', left: [] });
  });

  test('the environment is handed on', async () => {
    expect(
      (await runCli(['run', 'sh', '-c', 'echo $GREETING'], { env: { ...process.env, GREETING: 'hi' } })).stdout,
    ).toBe('hi\n');
  });

  testRows(
    'where the options end',
    [
      ['options after the command are its own', ['echo', '-m', '--json', '--', 'x'], '-m --json -- x\n'],
      ['-- ends the options', ['--', 'echo', '--', 'x'], '-- x\n'],
      ['options before --', ['-m', '50M', '--', 'echo', 'x'], 'x\n'],
      ['the value of an option is not the command', ['--memory', '50M', 'echo', 'x'], 'x\n'],
      ['an empty argument', ['printf', '[%s]', '', 'a b'], '[][a b]'],
    ],
    async ([, words, stdout]) => {
      expect(await runCli(['run', ...words])).toEqual({ code: 0, signal: null, stdout, stderr: '', left: [] });
    },
  );

  test('a command whose name starts with a dash needs --', async () => {
    expect(await runCli(['run', '--', '-x'])).toMatchObject({ code: 127 });
  });
});

describeIf('cgroup', '--keep-descendants', () => {
  test('without it, what the command leaves running is killed', async () => {
    const started = performance.now();
    const end = await runCli(['run', '-m', '50M', 'sh', '-c', 'sleep 300 >/dev/null 2>&1 & echo $!']);
    expect(end).toMatchObject({ code: 0, left: [] });
    expect(await hasEnded(Number(end.stdout))).toBe(true);
    expect(performance.now() - started).toBeLessThan(100_000);
  });

  test('with it, memcage waits for that, and ends with the code of the command', async () => {
    const mark = join(directory, 'kept');
    const end = await runCli([
      'run',
      '-m',
      '50M',
      '--keep-descendants',
      'sh',
      '-c',
      `(sleep 0.5; echo late >${mark}) & exit 4`,
    ]);
    expect(end).toMatchObject({ code: 4, stderr: '', left: [] });
    expect(readFileSync(mark, 'utf8')).toBe('late\n');
  });

  test('what is left running writes to a pipe as before, also once memcage has', async () => {
    const flags = 'sleep 0.5; sed -n "s/^flags:[[:space:]]*//p" /proc/self/fdinfo/2 >&2';
    const { stderr } = await runCli([
      'run',
      '-m',
      '50M',
      '--keep-descendants',
      '--summary',
      'sh',
      '-c',
      `(${flags}) & exit 0`,
    ]);
    const [said = '', ...later] = stderr.trim().split('\n').reverse();
    expect(later.join()).toContain('exit status');
    expect(Number.parseInt(said, 8) & constants.O_NONBLOCK).toBe(0);
  });

  test('a signal while it waits kills what is left', async () => {
    const cli = startCli(['run', '-m', '50M', '--keep-descendants', 'sh', '-c', 'sleep 60 & echo $!']);
    const kept = await until('the command has ended', () => Number(cli.stdout()) || undefined);
    await until('only the kept one is left', () => {
      const [cage] = openCages(cli.pid).filter((path) => path.startsWith(mountPoint('memory')));
      return cage !== undefined && members(cage).join() === String(kept);
    });
    // memcage takes a moment to notice the end of the command.
    await new Promise((resolve) => setTimeout(resolve, patience(300)));
    expect(isAlive(kept)).toBe(true);
    cli.process.kill('SIGTERM');
    expect(await cli.end).toMatchObject({ code: 143, signal: null, left: [] });
    expect(await hasEnded(kept)).toBe(true);
  });
});

describeIf('cgroup', '--parent', () => {
  test('the cage is made in that cgroup, whose limit holds too', async () => {
    const parent = makeCgroup('100M');
    try {
      const where = await runCli([
        'run',
        '--parent',
        parent.path,
        '-m',
        '50M',
        'sh',
        '-c',
        `${OWN_CGROUP_IN_SHELL}; echo "$own"`,
      ]);
      expect(where).toMatchObject({ code: 0, left: [] });
      expect(where.stdout).toContain(`/${parent.path.slice(parent.path.lastIndexOf('/') + 1)}/memcage-`);
      const end = await runCli(['run', '--parent', parent.path, '-m', '500M', process.execPath, '-e', HOG]);
      expect(end).toMatchObject({ code: 137, left: [] });
      expect(end.stderr).toContain(`of a cgroup above its cage (${parent.path})`);
    } finally {
      parent.remove();
    }
  });
});
