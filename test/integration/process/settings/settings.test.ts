import childProcess from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { constants, getPriority, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  type ChildSettingsOptions,
  createLauncher,
  exec,
  execFile,
  execFileSync,
  execSync,
  fork,
  type ResourceLimits,
  run,
  type SharedCage,
  type SpawnOptions,
  spawn,
  spawnSync,
} from 'memcage';
import * as dropIn from 'memcage/child_process';
import { native } from 'memcage/native';
import { RESOURCES } from '../../../../lib/process/settings/resource-limits';
import { closedAfterEach } from '../../../support/closed-after-each';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { runAsUser } from '../../../support/rootless';
import { testRows } from '../../../support/rows';

jest.setTimeout(patience(60_000));

const SETTINGS = {
  // Not a soft limit of open files: Node raises that to the hard one when it begins.
  rlimits: { nofile: 50, cpu: { soft: 40, hard: 60 }, fsize: '3M' },
  oomScoreAdj: 321,
  nice: 7,
} as const satisfies ChildSettingsOptions;
/** What a child with these settings prints. */
const SHOW = 'ulimit -n; ulimit -St; ulimit -Ht; ulimit -f; cat /proc/self/oom_score_adj; nice';
const SET = '50\n40\n60\n6144\n321\n7\n';
const FORKED = join(__dirname, '../../../fixtures/process/settings/show.js');

const outputOf = async (child: childProcess.ChildProcess): Promise<string> =>
  child.stdout === null ? '' : text(child.stdout);

/** EMFILE of the launcher, by glibc and by musl. */
const TOO_MANY = /\/dev\/null: (Too many open files|No file descriptors available) /;

/** Every way to start a child with settings. */
const WAYS: Record<string, (options: SpawnOptions) => string | Promise<string>> = {
  spawn: (options) => outputOf(spawn('sh', ['-c', SHOW], options)),
  fork: (options) => outputOf(fork(FORKED, [SHOW], { ...options, silent: true } as object)),
  exec: (options) => outputOf(exec(SHOW, options as object)),
  execFile: (options) => outputOf(execFile('sh', ['-c', SHOW], options as object)),
  run: async (options) => (await run('sh', ['-c', SHOW], options)).stdout,
  spawnSync: (options) => spawnSync('sh', ['-c', SHOW], options as object).stdout.toString(),
  execFileSync: (options) => String(execFileSync('sh', ['-c', SHOW], options as object)),
  execSync: (options) => String(execSync(SHOW, options as object)),
  'drop-in spawn': (options) => outputOf(dropIn.spawn('sh', ['-c', SHOW], options)),
  'drop-in execSync': (options) => String(dropIn.execSync(SHOW, options as object)),
  createLauncher: async ({ stdio: _, ...options }) => {
    const launcher = createLauncher(options as object);
    try {
      return childProcess.execFileSync(launcher.file, [...launcher.args, 'sh', '-c', SHOW], { encoding: 'utf8' });
    } finally {
      await launcher.close();
    }
  },
};

const PLACES: Record<string, SpawnOptions> = {
  'without a cage': {},
  'in a cage': { memory: '200M' },
  'below an init': { memory: '200M', namespaces: { pid: { init: true }, mount: true } },
  'as pid 1': { namespaces: { pid: true, mount: true } },
};

const own = () => ({
  limits: readFileSync('/proc/self/limits', 'utf8'),
  oomScoreAdj: readFileSync('/proc/self/oom_score_adj', 'utf8'),
  nice: getPriority(),
});

describeIf(['cgroup', 'root'], 'the settings of a child', () => {
  const closed = closedAfterEach();
  expectNothingLeft(() => run('true', [], { memory: '100M', ...SETTINGS }));
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'memcage-settings-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  testRows(
    'are what the program and its descendants have, however it is started, and this process has none of them',
    Object.entries(WAYS).flatMap(([way, start]) =>
      Object.entries(PLACES).map(([where, place]) => ({ way, where, start, place })),
    ),
    async ({ start, place }) => {
      const before = own();
      expect(await start({ ...place, ...SETTINGS })).toBe(SET);
      expect(own()).toEqual(before);
    },
    { name: ({ way, where }) => `${way} ${where}` },
  );

  testRows(
    'a limit of open files may be lower than the number of a pipe that the child is given',
    [0, 1, 2].flatMap((nofile) => [{ nofile }, { nofile: { soft: nofile, hard: 100 } }]),
    async (rlimits) => {
      // A static program: it opens no library.
      const { file } = createLauncher({});
      const stdio = Array.from({ length: 12 }, () => 'pipe' as const);
      for (const place of [{}, { ...PLACES['below an init'], stdio: 'pipe' }, { uid: 65534 }] as SpawnOptions[]) {
        const child = spawn(file, ['1', '--join=/dev/null', '--', 'true'], { stdio, ...place, rlimits });
        expect(await text(child.stdio[2] as never)).toMatch(TOO_MANY);
        expect(await child.outcome).toMatchObject({ exitCode: 125 });
      }
    },
    { name: ({ nofile }) => JSON.stringify(nofile) },
  );

  test('the kernel holds a limit', async () => {
    const result = await run(
      'sh',
      ['-c', 'head -c 10000 /dev/zero > /dev/shm/memcage-fsize-$$; e=$?; rm /dev/shm/memcage-fsize-$$; exit $e'],
      {
        rlimits: { fsize: 4096 },
        reject: false,
      },
    );
    expect(result).toMatchObject({ exitCode: 128 + constants.signals.SIGXFSZ });
  });

  test('hold for another user, though it may not take them itself', async () => {
    const { hard } = limitsHere('nofile');
    const options = { uid: 65534, gid: 65534, nice: -3, rlimits: { nofile: { soft: 10, hard } } };
    for (const place of [{}, { memory: '100M' }, { namespaces: { pid: { init: true }, mount: true } }] as const) {
      const { stdout } = await run('sh', ['-c', 'id -u; id -g; ulimit -Sn; ulimit -Hn; nice'], {
        ...options,
        ...place,
      });
      expect(stdout).toBe(`65534\n65534\n10\n${hard}\n-3\n`);
    }
  });

  test('an init has none of them', async () => {
    const namespaces = { pid: { init: true }, mount: true };
    const command = 'cat /proc/1/oom_score_adj; ps -o ni= -p 1 | tr -d " "; grep "open files" /proc/1/limits';
    const shown = async (settings: ChildSettingsOptions) =>
      (await run('sh', ['-c', command], { namespaces, ...settings })).stdout;
    expect(await shown(SETTINGS)).toBe(await shown({}));
  });

  test('a parent keeps its oom_score_adj, also with copied memory', async () => {
    const before = own();
    for (const place of [{}, { uid: 0 }, { memory: '100M', namespaces: { time: true } }] as const) {
      expect((await run('cat', ['/proc/self/oom_score_adj'], { ...place, oomScoreAdj: 77 })).stdout).toBe('77\n');
      expect(own()).toEqual(before);
    }
  });

  test('of a cage are those of each child, and a child has its own first', async () => {
    const cage: SharedCage = closed('200M', { ...SETTINGS });
    const shown = (stdout: string) => stdout;
    expect(shown((await cage.run('sh', ['-c', SHOW])).stdout)).toBe(SET);
    const { stdout } = await cage.run('sh', ['-c', SHOW], { rlimits: { nofile: 30 }, nice: 9 });
    expect(stdout).toBe('30\n40\n60\n6144\n321\n9\n');
    expect((await cage.run('sh', ['-c', SHOW], { memory: '50M' })).stdout).toBe(SET);
    expect((await run('sh', ['-c', SHOW], { cage })).stdout).toBe(SET);
    expect(spawnSync('sh', ['-c', SHOW], { cage }).stdout.toString()).toBe(SET);
  });

  test('of a cage are those of contained children, and of cages within it', async () => {
    const cage: SharedCage = closed('200M', { ...SETTINGS });
    const contained = cage.contain(() => childProcess.execSync(SHOW, { encoding: 'utf8' }));
    expect(contained).toBe(SET);
    const asynchronous = cage.contain(() => childProcess.spawn('sh', ['-c', SHOW]));
    expect(await outputOf(asynchronous)).toBe(SET);
    const inner = cage.contain(() => closed('100M', { nice: 8 }));
    expect((await inner.run('sh', ['-c', SHOW])).stdout).toBe(SET.replace('7\n', '8\n'));
  });

  test('a launcher takes them any number of times', async () => {
    const launcher = createLauncher(SETTINGS);
    const outputs = await Promise.all(
      Array.from({ length: 5 }, () =>
        outputOf(childProcess.spawn(launcher.file, [...launcher.args, 'sh', '-c', SHOW])),
      ),
    );
    expect(outputs).toEqual(Array.from({ length: 5 }, () => SET));
    await launcher.close();
  });

  testRows(
    'a launcher whose limit of files is too low for its message ends with its code, and says what it may',
    [
      { fsize: { soft: 0, hard: '1M' }, says: /\/no\/such\/program/ },
      { fsize: 20, says: /^memcage-exec: .{6}$/ },
      { fsize: 0, says: /^$/ },
    ] as const,
    async ({ fsize, says }) => {
      const path = join(directory, 'stderr');
      const fd = openSync(path, 'w');
      await using launcher = createLauncher({ rlimits: { fsize, core: 0 } });
      const stdio = ['ignore', 'ignore', fd] as const;
      const end = childProcess.spawnSync(launcher.file, [...launcher.args, '/no/such/program'], { stdio: [...stdio] });
      closeSync(fd);
      expect(end).toMatchObject({ status: 127, signal: null });
      expect(readFileSync(path, 'utf8')).toMatch(says);
    },
    { name: ({ fsize }) => JSON.stringify(fsize) },
  );

  test('a limit that nobody may have is refused with its name', async () => {
    const most = readFileSync('/proc/sys/fs/nr_open', 'utf8').trim();
    const start = run('true', [], { memory: '50M', rlimits: { core: 0, nofile: 'max' } });
    await expect(start).rejects.toMatchObject({
      code: 'ERR_MEMCAGE_SETTING',
      stage: 'rlimits',
      errno: -constants.errno.EPERM,
      path: 'nofile',
      cure: expect.stringContaining(`at most ${most}`) as string,
    });
  });

  test('a launcher is refused a limit before it is made', async () => {
    const { hard } = limitsHere('nofile');
    expect(() => createLauncher({ namespaces: { user: true }, rlimits: { nofile: hard + 1 } })).toThrow(
      'rlimits.nofile',
    );
  });

  test('a synchronous function reports a refused setting too', () => {
    expect(() => spawnSync('true', { memory: '50M', namespaces: { user: true }, nice: -20 })).toThrow('nice: -20');
  });

  test('nice is what the program has, not whoever starts it', () => {
    const before = getPriority();
    expect(execSync('nice', { nice: 11 }).toString()).toBe('11\n');
    expect(getPriority()).toBe(before);
    setPriority(before);
  });
});

function limitsHere(name: keyof typeof RESOURCES): { soft: number; hard: number } {
  const { title } = RESOURCES[name];
  const [soft, hard] =
    new RegExp(`^${title}\\s+(\\d+)\\s+(\\d+)`, 'm')
      .exec(readFileSync('/proc/self/limits', 'utf8'))
      ?.slice(1)
      .map(Number) ?? [];
  return { soft: soft ?? Number.NaN, hard: hard ?? Number.NaN };
}

describeIf(['root', 'sys-resource'], 'the settings of a child of a process with CAP_SYS_RESOURCE', () => {
  test('every limit of the kernel can be set', async () => {
    const names = Object.keys(RESOURCES) as (keyof ResourceLimits)[];
    // Enough of each for cat(1).
    const limits = Object.fromEntries(
      names.map((name, index) => [name, { soft: 2 ** 30 + index, hard: 2 ** 31 + index }]),
    );
    const rlimits: ResourceLimits = { ...limits, nofile: { soft: 1000, hard: 1001 } };
    const { stdout } = await run('cat', ['/proc/self/limits'], { rlimits });
    const seen = Object.entries(RESOURCES).map(([name, { title }]) => {
      const [soft, hard] = new RegExp(`^${title}\\s+(\\d+)\\s+(\\d+)`, 'm').exec(stdout)?.slice(1).map(Number) ?? [];
      return [name, { soft, hard }];
    });
    expect(Object.fromEntries(seen)).toEqual(rlimits);
    // Whatever this kernel has besides would be missing above.
    expect(stdout.trim().split('\n')).toHaveLength(names.length + 1);
  });

  test('no limit is no limit', async () => {
    const rlimits = { fsize: 'max', core: Number.POSITIVE_INFINITY } as const;
    expect((await run('sh', ['-c', 'ulimit -Hf; ulimit -Sc'], { rlimits })).stdout).toBe('unlimited\nunlimited\n');
  });

  test('in a user namespace no limit is raised, and the error says so', async () => {
    const { hard } = limitsHere('nofile');
    const start = (nofile: number) =>
      run('sh', ['-c', 'ulimit -Hn'], { namespaces: { user: true }, rlimits: { nofile } });
    expect((await start(hard)).stdout).toBe(`${hard}\n`);
    await expect(start(hard + 1)).rejects.toMatchObject({
      code: 'ERR_MEMCAGE_SETTING',
      stage: 'rlimits',
      message: expect.stringContaining('no user namespace for the child') as string,
    });
    const score = run('true', [], { namespaces: { user: true }, oomScoreAdj: -1000 });
    await expect(score).rejects.toMatchObject({ code: 'ERR_MEMCAGE_SETTING', stage: 'oom-score-adj' });
    const nice = run('true', [], { namespaces: { user: true }, nice: -20 });
    await expect(nice).rejects.toMatchObject({ code: 'ERR_MEMCAGE_SETTING', stage: 'nice' });
  });

  test('give another user more than it may take itself', async () => {
    const options = { uid: 65534, gid: 65534, oomScoreAdj: -7, rlimits: { nofile: { soft: 10, hard: 900_000 } } };
    for (const place of [{}, { namespaces: { pid: { init: true }, mount: true } }] as const) {
      const { stdout } = await run('sh', ['-c', 'ulimit -Hn; cat /proc/self/oom_score_adj'], { ...options, ...place });
      expect(stdout).toBe('900000\n-7\n');
    }
  });
});

describeIf('linux', 'the settings of a child of a user without rights', () => {
  test('may only give something up', async () => {
    const before = readFileSync('/proc/self/oom_score_adj', 'utf8').trim();
    const results = await runAsUser([
      [
        'sh',
        ['-c', 'ulimit -n; cat /proc/self/oom_score_adj; nice'],
        { rlimits: { nofile: 20 }, oomScoreAdj: 999, nice: 10 },
      ],
      // This user has no cgroup to make a cage in.
      ['sh', ['-c', SHOW], { memory: '200M', enforce: 'polled', ...SETTINGS }],
      ['true', [], { rlimits: { core: 0, nofile: 2 ** 30 } }],
      ['true', [], { oomScoreAdj: -1000 }],
      ['true', [], { nice: -20 }],
    ]);
    const refused = (stage: string, errno: number, path?: string) => ({
      code: 'ERR_MEMCAGE_SETTING',
      message: expect.stringContaining('Cure: ') as string,
      stage,
      errno: -errno,
      ...(path !== undefined && { path }),
    });
    expect(before).not.toBe('999');
    expect(results).toEqual([
      { stdout: '20\n999\n10\n', stderr: '', exitCode: 0, oom: null },
      { stdout: SET, stderr: '', exitCode: 0, oom: null },
      refused('rlimits', constants.errno.EPERM, 'nofile'),
      refused('oom-score-adj', constants.errno.EACCES, '/proc/self/oom_score_adj'),
      refused('nice', constants.errno.EACCES),
    ]);
  });
});

describeIf(['root', 'linux'], 'the addon', () => {
  const clone = (options: object) =>
    native.clone({
      ...{ file: 'true', args: ['true'], env: [], stdio: [], detached: false, killWithParent: false },
      ...{ namespaces: 0, privateMounts: false, mountProc: false, loopback: false, joinFds: [] },
      ...{ watchdogMs: 10_000 },
      ...options,
    });

  testRows(
    'refuses limits that it does not know',
    [
      [{ name: 'NOFILE', soft: 1, hard: 1 }],
      [{ name: 'nofile', soft: 1 }],
      [{ name: 'nofile', soft: -1, hard: 1 }],
      [{ name: 'nofile', soft: Number.NaN, hard: 1 }],
      ['nofile'],
    ],
    (rlimits) => {
      expect(() => clone({ rlimits })).toThrow(/^Expected /);
    },
  );
});
