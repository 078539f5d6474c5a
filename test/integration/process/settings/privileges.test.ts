import childProcess from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createLauncher, execSync, type PrivilegeOptions, run, type SpawnOptions, spawn, spawnSync } from 'memcage';
import * as dropIn from 'memcage/child_process';
import { native } from 'memcage/native';
import { whyNoFilter } from '../../../../lib/process/settings/seccomp-filter';
import {
  ALLOW,
  assemble,
  type Bpf,
  callNumber,
  errno,
  KILL,
  LOAD,
  RETURN,
  refusing,
} from '../../../support/cgroups/bpf';
import { starts } from '../../../support/children/starts';
import { closedAfterEach } from '../../../support/closed-after-each';
import { withCode } from '../../../support/error-code';
import { STARTER } from '../../../support/native/starter';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { random, seedOf } from '../../../support/random';
import { describeIf } from '../../../support/require';
import { runAsUser } from '../../../support/rootless';
import { testRows } from '../../../support/rows';

jest.setTimeout(patience(60_000));

const NOBODY = { uid: 65534, gid: 65534 };
const SHOW = ['-E', '^(Cap|NoNewPrivs|Seccomp:)', '/proc/self/status'];
const NO_MKDIR = refusing(['mkdir', 'mkdirat'], errno(constants.errno.EPERM));

/** What `SHOW` prints for a program with these capabilities, as bits. */
const sets = (bits: bigint, noNewPrivileges: 0 | 1, seccomp: 0 | 2): string => {
  const mask = bits.toString(16).padStart(16, '0');
  const names = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'];
  return [
    ...names.map((name) => `${name}:\t${mask}`),
    `NoNewPrivs:\t${noNewPrivileges}`,
    `Seccomp:\t${seccomp}`,
    '',
  ].join('\n');
};

const PRIVILEGES: PrivilegeOptions = { capabilities: ['NET_BIND_SERVICE', 'cap_chown'], seccomp: NO_MKDIR };
const SET = sets((1n << 10n) | 1n, 1, 2);

const WAYS: Record<string, (options: SpawnOptions) => string | Promise<string>> = {
  run: async (options) => (await run('grep', SHOW, options)).stdout,
  spawn: (options) => text(spawn('grep', SHOW, options).stdout as never),
  spawnSync: (options) => spawnSync('grep', SHOW, options as object).stdout.toString(),
  execSync: (options) => String(execSync(`grep -E '${SHOW[1]}' ${SHOW[2]}`, options as object)),
  'drop-in execFileSync': (options) => String(dropIn.execFileSync('grep', SHOW, options as object)),
  createLauncher: async (options) => {
    const launcher = createLauncher(options as object);
    try {
      return childProcess.execFileSync(launcher.file, [...launcher.args, 'grep', ...SHOW], { encoding: 'utf8' });
    } finally {
      await launcher.close();
    }
  },
};

const PLACES: Record<string, SpawnOptions> = {
  'without a cage': {},
  'in a cage': { memory: '100M' },
  'as another user': { ...NOBODY, memory: '100M' },
  'below an init': { memory: '100M', namespaces: { pid: { init: true }, mount: true } },
  'below an init as another user': { ...NOBODY, namespaces: { pid: { init: true }, mount: true } },
  'in a user namespace as another user': { namespaces: { user: { uid: 1000, gid: 1000 } } },
};

/** Of each thread of this process. */
const own = () =>
  readdirSync('/proc/self/task').map((task) => {
    const status = readFileSync(`/proc/self/task/${task}/status`, 'utf8');
    return status.match(/^(Cap|NoNewPrivs|Seccomp:).*$/gm)?.join('\n');
  });

describeIf(['cgroup', 'root', 'seccomp', 'userns'], 'the privileges of a child', () => {
  const closed = closedAfterEach();
  expectNothingLeft(() => run('true', [], { memory: '100M', privileges: PRIVILEGES }));
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'memcage-privileges-'));
    chmodSync(directory, 0o755);
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  // Who calls a launcher as another user has lost its rights before.
  const rows = Object.entries(WAYS).flatMap(([way, start]) =>
    Object.entries(PLACES)
      .filter(([, { uid }]) => way !== 'createLauncher' || uid === undefined)
      .map(([where, place]) => ({ way, where, start, place })),
  );

  testRows(
    'are those that it was left, in all five sets, and this process keeps its own',
    rows,
    async ({ start, place }) => {
      const before = own();
      expect(await start({ ...place, privileges: PRIVILEGES })).toBe(SET);
      const after = own();
      expect(after.slice(0, before.length)).toEqual(before);
      expect(new Set(after)).toEqual(new Set(before));
    },
    { name: ({ way, where }) => `${way} ${where}` },
  );

  testRows(
    'none of them are left',
    rows,
    async ({ start, place }) => {
      expect(await start({ ...place, privileges: { capabilities: [] } })).toBe(sets(0n, 0, 0));
    },
    { name: ({ way, where }) => `${way} ${where}` },
  );

  test('a launcher that another user calls says what that user may not', async () => {
    const launcher = createLauncher({ privileges: { capabilities: [] } });
    const end = childProcess.spawnSync(launcher.file, [...launcher.args, 'true'], { ...NOBODY, encoding: 'utf8' });
    expect(end).toMatchObject({ status: 125, stderr: expect.stringContaining('PR_CAPBSET_DROP') as string });
    await launcher.close();
  });

  test('a set-user-ID program gives rights, but not with noNewPrivileges', async () => {
    const id = join(directory, 'id');
    copyFileSync('/usr/bin/id', id);
    chmodSync(id, 0o4755);
    const user = async (privileges: PrivilegeOptions) => (await run(id, ['-u'], { ...NOBODY, privileges })).stdout;
    expect(await user({})).toBe('0\n');
    expect(await user({ noNewPrivileges: false })).toBe('0\n');
    expect(await user({ noNewPrivileges: true })).toBe('65534\n');
    expect(await user({ seccomp: NO_MKDIR })).toBe('65534\n');
  });

  test('a set-user-ID program gives no capability that was dropped', async () => {
    const grep = join(directory, 'grep');
    copyFileSync('/bin/grep', grep);
    chmodSync(grep, 0o4755);
    const { stdout } = await run(grep, ['-E', '^(Uid|CapEff)', '/proc/self/status'], {
      ...NOBODY,
      privileges: { capabilities: [] },
    });
    expect(stdout).toBe('Uid:\t65534\t0\t0\t0\nCapEff:\t0000000000000000\n');
  });

  test('a filter answers for the kernel', async () => {
    const options = { cwd: directory, reject: false, memory: '100M' } as const;
    expect((await run('mkdir', ['made'], options)).exitCode).toBe(0);
    const refused = await run('mkdir', ['refused'], { ...options, privileges: { seccomp: NO_MKDIR } });
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('not permitted') as string });
    const killed = await run('mkdir', ['killed'], {
      ...options,
      privileges: { seccomp: refusing(['mkdir', 'mkdirat'], KILL) },
    });
    expect(killed).toMatchObject({ exitCode: null, signal: 'SIGSYS' });
    expect(readdirSync(directory)).not.toContain('killed');
  });

  test('a filter is installed after everything that the child itself does', async () => {
    // It allows execve(2), and what grep(1) does.
    const seccomp = refusing(['seccomp', 'prctl', 'setuid', 'setgid', 'setgroups', 'capset', 'chdir'], KILL);
    const { stdout } = await run('grep', SHOW, { ...NOBODY, cwd: '/', privileges: { ...PRIVILEGES, seccomp } });
    expect(stdout).toBe(SET);
  });

  test('with noNewPrivileges: false a filter is installed before rights are given up', async () => {
    const privileges = { capabilities: [], seccomp: NO_MKDIR, noNewPrivileges: false };
    expect((await run('grep', SHOW, { ...NOBODY, privileges })).stdout).toBe(sets(0n, 0, 2));
    const forbidding = refusing(['setuid'], errno(constants.errno.EPERM));
    const start = run('true', [], { ...NOBODY, privileges: { seccomp: forbidding, noNewPrivileges: false } });
    await expect(start).rejects.toMatchObject({ code: 'ERR_MEMCAGE_SETTING', stage: 'uid', syscall: 'setuid' });
    const noDrop = {
      capabilities: [],
      seccomp: refusing(['capset'], errno(constants.errno.EPERM)),
      noNewPrivileges: false,
    };
    await expect(run('true', [], { privileges: noDrop })).rejects.toThrow('the filter allow capset');
  });

  testRows(
    'a filter that kills the start itself ends the child, and not this process',
    [KILL, 0, 0x00030000],
    async (answer) => {
      // By an argument: it can't be foreseen. The first word of envp is never 0 in both halves.
      const seccomp = assemble(
        [LOAD, 0],
        [0x15, 59, 1, 0],
        [0x15, 221, 0, 3],
        [LOAD, 16],
        [0x15, 0, 1, 0],
        [RETURN, answer],
        [RETURN, ALLOW],
      );
      for (const place of [{}, { memory: '100M' }, { namespaces: { pid: { init: true } } }] as const) {
        const result = await run('true', [], { ...place, privileges: { seccomp }, reject: false });
        expect(result).toMatchObject({ exitCode: null, signal: 'SIGSYS' });
      }
    },
    { name: (answer) => answer.toString(16) },
  );

  test('a start that its filter kills leaves no core file, which would hold the memory of this process', async () => {
    const seccomp = assemble(
      [LOAD, 0],
      [0x15, callNumber('execve'), 0, 3],
      [LOAD, 16],
      [0x15, 0, 1, 0],
      [RETURN, KILL],
      [RETURN, ALLOW],
    );
    const cwd = mkdtempSync(join(directory, 'core-'));
    for (const place of [{}, { uid: 0 }] as SpawnOptions[]) {
      const settings = { rlimits: { core: 'max' }, privileges: { seccomp } } as const;
      const start = run('true', [], { ...place, ...settings, cwd, reject: false });
      expect(await start).toMatchObject({ exitCode: null, signal: 'SIGSYS' });
      // A relative pattern of core(5): the kernel would write it there.
      expect(readdirSync(cwd)).toEqual([]);
    }
    // A program is as any other.
    const { stdout } = await run('stat', ['-c', '%u', '/proc/self/mem'], {
      ...NOBODY,
      privileges: { seccomp: NO_MKDIR },
    });
    expect(stdout).toBe('65534\n');
  });

  test('a filter without exit does not keep a failed start waiting', async () => {
    const seccomp = refusing(['exit_group'], errno(1));
    const startMs = performance.now();
    await expect(run('/no/such/program', [], { privileges: { seccomp } })).rejects.toMatchObject({ code: 'ENOENT' });
    expect(performance.now() - startMs).toBeLessThan(patience(5000));
  });

  test('a filter that would hide a failed start below an init is refused', async () => {
    const namespaces = { pid: { init: true } };
    const noWrite = { privileges: { seccomp: refusing(['write'], errno(1)) } };
    const start = run('/no/such/program', [], { ...noWrite, namespaces });
    await expect(start).rejects.toEqual(withCode('INVALID_ARGUMENT', 'a filter that allows write(2)'));
    const other = { namespaces, privileges: { seccomp: NO_MKDIR } };
    await expect(run('/no/such/program', [], other)).rejects.toMatchObject({ code: 'ENOENT' });
    // Without an init nothing has to be written.
    await expect(run('/no/such/program', [], noWrite)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await run('true', [], noWrite)).toMatchObject({ exitCode: 0 });
  });

  test('of a cage hold for each child, which can only give up more', async () => {
    const cage = closed('200M', { privileges: { capabilities: ['chown', 'kill'], seccomp: NO_MKDIR } });
    const shown = async (privileges?: PrivilegeOptions) =>
      (await cage.run('grep', SHOW, privileges === undefined ? {} : { privileges })).stdout;
    expect(await shown()).toBe(sets(0b100001n, 1, 2));
    expect(await shown({ capabilities: ['kill', 'sys_admin'], noNewPrivileges: false })).toBe(sets(0b100000n, 1, 2));
    expect(cage.contain(() => childProcess.execFileSync('grep', SHOW, { encoding: 'utf8' }))).toBe(
      sets(0b100001n, 1, 2),
    );
    const inner = cage.contain(() => closed('100M', { privileges: { capabilities: ['chown'] } }));
    expect((await inner.run('grep', SHOW)).stdout).toBe(sets(1n, 1, 2));
    const second = cage.run('true', [], { privileges: { seccomp: NO_MKDIR } });
    await expect(second).rejects.toEqual(withCode('INVALID_ARGUMENT', 'whose cage has another seccomp filter'));
  });

  test('a capability that this process lacks is refused before there is a cage', async () => {
    // Nobody has this one twice: of the first 41, what CapPrm lacks.
    const [permitted = ''] = /^CapPrm:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.slice(1) ?? [];
    const lacks = ((BigInt(`0x${permitted}`) >> 24n) & 1n) === 0n;
    const start = () => run('grep', SHOW, { privileges: { capabilities: ['sys_resource'] } });
    if (lacks) {
      await expect(start()).rejects.toMatchObject({
        code: 'ERR_MEMCAGE_SETTING',
        stage: 'capabilities',
        path: 'capset',
      });
      await expect(start()).rejects.toThrow('lacks CAP_SYS_RESOURCE');
    } else expect((await start()).stdout).toBe(sets(1n << 24n, 0, 0));
  });

  test('none can be left by a process that has none itself', async () => {
    const inner = [process.execPath, join(__dirname, '../../../fixtures/rootless/runs.js')];
    const attempts = [
      ['grep', SHOW, { privileges: { capabilities: [] } }],
      ['grep', SHOW, { privileges: { capabilities: [] }, memory: '50M', enforce: 'polled' }],
    ];
    const [file = '', ...args] = [...inner, JSON.stringify(attempts)];
    const { stdout } = await run(file, args, { privileges: { capabilities: [] } });
    const shown = { stdout: sets(0n, 0, 0), stderr: '', exitCode: 0, oom: null };
    expect(JSON.parse(stdout)).toEqual([shown, shown]);
  });

  test('the kernel agrees about which programs are filters', () => {
    const codes = [
      LOAD,
      0x00,
      0x01,
      0x02,
      0x03,
      0x05,
      0x06,
      0x07,
      0x15,
      0x16,
      0x25,
      0x34,
      0x60,
      0x61,
      0x64,
      0x80,
      0x87,
      0x94,
      0x28,
    ];
    const next = random(seedOf());
    const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
    let taken = 0;
    for (let round = 0; round < starts(400); round += 1) {
      const length = 1 + Math.floor(next() * 6);
      const body = Array.from(
        { length },
        (): Bpf => [pick(codes), pick([0, 1, 2, 4, 16, 32, 64]), pick([0, 0, 1, 2]), pick([0, 1])],
      );
      const seccomp = assemble(...body, [RETURN, pick([ALLOW, errno(1)])]);
      const result = native.clone({
        ...{ file: '/bin/true', args: ['true'], env: [], stdio: [], detached: false, killWithParent: false },
        ...{ namespaces: 0, privateMounts: false, mountProc: false, loopback: false, joinFds: [] },
        ...{ starter: STARTER, watchdogMs: 10_000, noNewPrivs: true, seccomp },
      });
      if (!('stage' in result)) {
        native.reap({ pidfd: result.pidfd });
        native.closeFd({ fd: result.pidfd });
      }
      const isFilter = !('stage' in result && result.stage === 'seccomp');
      if (isFilter) taken += 1;
      const why = whyNoFilter(seccomp);
      const says = { isFilter: why === undefined || why.startsWith('it forbids execve'), why };
      expect({ ...says, program: Buffer.from(seccomp).toString('hex') }).toMatchObject({ isFilter });
    }
    expect(taken).toBeGreaterThan(0);
  });
});

describeIf('userns', 'the privileges of a child of a user without rights', () => {
  test('can be given up, except the bounding set', async () => {
    const results = await runAsUser([
      ['grep', ['^NoNewPrivs', '/proc/self/status'], { privileges: { noNewPrivileges: true } }],
      ['true', [], { privileges: { capabilities: [] } }],
      ['true', [], { privileges: { capabilities: ['chown'] } }],
      ['grep', SHOW, { namespaces: { user: true }, privileges: { capabilities: ['chown'], noNewPrivileges: true } }],
    ]);
    const refused = (stage: string, path: string) => ({
      code: 'ERR_MEMCAGE_SETTING',
      message: expect.stringContaining('Cure: ') as string,
      stage,
      errno: -constants.errno.EPERM,
      path,
    });
    expect(results).toEqual([
      { stdout: 'NoNewPrivs:\t1\n', stderr: '', exitCode: 0, oom: null },
      refused('bounding-set', 'PR_CAPBSET_DROP'),
      refused('capabilities', 'capset'),
      { stdout: sets(1n, 1, 0), stderr: '', exitCode: 0, oom: null },
    ]);
  });
});
