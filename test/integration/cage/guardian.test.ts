import { type ChildProcess, spawn as nodeSpawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fixture } from '../../support/cage-kinds';
import { type Controller, cagesOf, makeCgroup, members, mountPoint, version } from '../../support/cgroups/cgroup-tree';
import { delegate } from '../../support/cgroups/delegate';
import { type Fixture, fixtureResult, startFixture } from '../../support/fixture';
import { addBuilt, addFile, BUILT, copyPackage } from '../../support/package-copy';
import { patience } from '../../support/patience';
import { childrenOf, endNow, hasEnded, isAlive, processesWith, stateOf } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { until } from '../../support/until';

jest.setTimeout(patience(60_000));

const ROOT = join(__dirname, '../../..');
const NOBODY = { uid: 65534, gid: 65534 };

function guardiansOf(pid: number): number[] {
  return processesWith(`--guardian=${pid} `);
}

/** What a process prints, line by line. */
class Talking {
  readonly pid: number;
  readonly exit: Promise<unknown>;
  readonly #lines: AsyncIterator<string>;
  ended = false;

  constructor(readonly process: ChildProcess) {
    this.pid = process.pid ?? 0;
    this.exit = once(process, 'exit');
    const { stdout } = process;
    if (stdout === null) throw new Error('no stdout');
    this.#lines = createInterface(stdout)[Symbol.asyncIterator]();
    stdout.once('end', () => {
      this.ended = true;
    });
  }

  async line<T>(): Promise<T> {
    const { value } = await this.#lines.next();
    if (value === undefined) throw new Error('it says nothing more');
    return JSON.parse(value as string) as T;
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.exit;
  }
}

interface Sleeper {
  pid: number;
  guardian: number;
  cgroup: string;
}

describeIf(['cgroup', 'root'], 'the guardian', () => {
  let talking: Talking[] = [];
  let sleepers: Sleeper[] = [];

  function start(
    what: string,
    { env = {}, as = [] }: { env?: NodeJS.ProcessEnv; as?: readonly string[] } = {},
  ): Talking {
    const [file = '', ...args] = [...as, process.execPath, fixture('guarded.js'), ...what.split(' ')];
    const started = new Talking(
      nodeSpawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } }),
    );
    talking.push(started);
    return started;
  }

  async function unguarded(of: Talking): Promise<Sleeper> {
    const said = await of.line<Sleeper>();
    sleepers.push(said);
    return said;
  }

  async function sleeper(of: Talking): Promise<Sleeper> {
    const said = await unguarded(of);
    // Signals to pid 0 go to this process's own group.
    expect(said.guardian).toBeGreaterThan(0);
    return said;
  }

  afterEach(async () => {
    for (const each of talking) await each.kill();
    for (const { pid, cgroup } of sleepers) {
      await until('no guardian', () => talking.every((each) => guardiansOf(each.pid).length === 0));
      endNow(pid);
      if (existsSync(cgroup)) members(cgroup).forEach(endNow);
    }
    talking = [];
    sleepers = [];
  });

  /** Everything must be gone one second after its death. */
  async function expectNothingOf({ pid }: Talking): Promise<void> {
    await until('nothing left', () => cagesOf(pid).length === 0 && guardiansOf(pid).length === 0, 1000);
  }

  test('is one process that sleeps outside of the cages, apart from the one that it watches', async () => {
    const parent = start('plain');
    const { guardian } = await sleeper(parent);
    expect(guardiansOf(parent.pid)).toEqual([guardian]);
    expect(childrenOf(parent.pid)).not.toContain(guardian);
    const status = readFileSync(`/proc/${guardian}/status`, 'utf8');
    expect(status).toMatch(/^Name:\tmemcage-guard$/m);
    expect(status).toMatch(/^Threads:\t1$/m);
    expect(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1])).toBeLessThan(1024);
    const statOf = (pid: number): string[] =>
      readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    // It may not have had the processor since it got the last message.
    await until('it sleeps', () => statOf(guardian)[0] === 'S');
    const [, , , session, terminal] = statOf(guardian);
    expect(session).not.toBe(statOf(parent.pid)[3]);
    expect(terminal).toBe('0');
    expect(readFileSync(`/proc/${guardian}/cgroup`, 'utf8')).toBe(readFileSync(`/proc/${parent.pid}/cgroup`, 'utf8'));
    expect(readFileSync(`/proc/${guardian}/environ`, 'utf8')).toBe('');
  });

  test('no signal but SIGKILL ends it before the process', async () => {
    const parent = start('plain');
    const { guardian, pid } = await sleeper(parent);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGPIPE', 'SIGUSR1'] as const)
      process.kill(guardian, signal);
    await parent.kill();
    await expectNothingOf(parent);
    expect(await hasEnded(pid)).toBe(true);
  });

  test('that is stopped is named by the start that it keeps from being guarded, and ends all once it goes on', async () => {
    const parent = start('stopped');
    const { guardian, pid, error } = (await sleeper(parent)) as Sleeper & { error: { message: string } };
    expect(error).toMatchObject({
      code: 'ERR_MEMCAGE_GUARDIAN',
      message: expect.stringContaining(`\`kill -CONT ${guardian}\``) as string,
      syscall: 'sendmsg',
    });
    await parent.kill();
    process.kill(guardian, 'SIGCONT');
    await expectNothingOf(parent);
    expect(await hasEnded(pid)).toBe(true);
  });

  // kernfs orders a directory by a hash of the names, and a walk goes on at a hash. The hashes of `aoao` and the next
  // three are equal, and those of the last two equal the hashes of files that v1 and v2 have.
  test('ends what has names that kernfs takes for the same', async () => {
    const parent = start('below aoao aobd bdao bdbd slsks phos.max');
    const { pid } = await sleeper(parent);
    await parent.kill();
    await expectNothingOf(parent);
    expect(await hasEnded(pid)).toBe(true);
  });

  test('ends what has more levels than it may have fds', async () => {
    const parent = start('deep 500', { as: ['prlimit', '--nofile=200:200'] });
    const { pid } = await sleeper(parent);
    await parent.kill();
    await expectNothingOf(parent);
    expect(await hasEnded(pid)).toBe(true);
  });

  describeIf('v1', 'where a process that is root can give the directory of all cages another name', () => {
    test.each([
      ['SIGKILL', 'renamed'],
      ['SIGTERM', 'renamed'],
      ['SIGKILL', 'renamed decoy'],
    ] as const)('nothing is left after %s of one that is %s', async (signal, how) => {
      const parent = start(how);
      const { pid, cgroup } = await sleeper(parent);
      expect(existsSync(cgroup)).toBe(true);
      parent.process.kill(signal);
      await parent.exit;
      await until('it is gone', () => !existsSync(cgroup));
      await expectNothingOf(parent);
      expect(await hasEnded(pid)).toBe(true);
    });
  });

  describeIf('v1', 'where such a process gives it one name after another', () => {
    // Whoever looks the name up and then uses it fails in one of eight.
    test.each([1, 2, 3, 4, 5, 6, 7, 8])('nothing is left of any (%s)', async () => {
      const parent = start('renaming');
      const { pid, owner } = (await sleeper(parent)) as Sleeper & { owner: string };
      await parent.kill();
      await expectNothingOf(parent);
      expect(await hasEnded(pid)).toBe(true);
      expect(readdirSync(dirname(owner)).filter((name) => name === 'memcage-test-renamed')).toEqual([]);
    });
  });

  test('keeps no pipe of the process open', async () => {
    const parent = start('closing');
    const { guardian } = await sleeper(parent);
    await until('the end of stdout', () => parent.ended);
    expect([isAlive(parent.pid), isAlive(guardian)]).toEqual([true, true]);
  });

  test('ends with a process that ends by itself', async () => {
    const parent = start('plain');
    const { guardian, pid } = await sleeper(parent);
    parent.process.kill('SIGTERM');
    await parent.exit;
    await expectNothingOf(parent);
    expect([await hasEnded(guardian), await hasEnded(pid)]).toEqual([true, true]);
  });

  test('threads that come and go, and start cages at once, have one', async () => {
    const parent = start('workers');
    const pids = await parent.line<number[]>();
    expect(pids).toHaveLength(7);
    expect(new Set(pids)).toEqual(new Set(guardiansOf(parent.pid)));
    await parent.kill();
    await expectNothingOf(parent);
  });

  test('two copies of the addon have one', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'memcage-copy-'));
    try {
      const path = join(directory, 'copy.node');
      copyFileSync(join(ROOT, 'build/Release/memcage.node'), path);
      const parent = start(`copies ${path}`);
      expect(await parent.line()).toEqual([null, null, true, false]);
      expect(guardiansOf(parent.pid)).toHaveLength(1);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test.each([
    ['MEMCAGE_GUARDIAN=0', 'plain', { MEMCAGE_GUARDIAN: '0' }],
    ['prepare({ guardian: false })', 'option', {}],
  ])('%s: none; the child itself dies with the process, the rest waits for the next memcage', async (_, what, env) => {
    const parent = start(what, { env });
    const { guardian, pid, cgroup } = await unguarded(parent);
    expect(guardian).toBe(0);
    expect(guardiansOf(parent.pid)).toEqual([]);
    await until('both sleep', () => members(cgroup).length === 2);
    await parent.kill();
    await until('the child is dead', () => !isAlive(pid));
    expect(members(cgroup)).toHaveLength(1);
    expect(await fixtureResult('cage/no-guardian.js', {})).toMatchObject({ codes: { run: 'started' } });
    await until('the rest is dead', () => cagesOf(parent.pid).length === 0);
  });

  test('one that was killed is replaced at once by one that knows all', async () => {
    const parent = start('plain');
    const first = await sleeper(parent);
    await until('both sleep', () => members(first.cgroup).length === 2);
    endNow(first.guardian);
    const [second] = await until('another', () => {
      const all = guardiansOf(parent.pid).filter((pid) => pid !== first.guardian);
      return all.length > 0 ? all : undefined;
    });
    expect(second).toBeGreaterThan(0);
    // Its process may take a moment to tell it.
    await until('it sleeps', () => stateOf(Number(second)) === 'S' && stateOf(parent.pid) === 'S');
    await parent.kill();
    await expectNothingOf(parent);
    expect(await hasEnded(first.pid)).toBe(true);
  });

  test('killed together with its process, it leaves no child, and the rest to the next memcage', async () => {
    const parent = start('plain');
    const { guardian, pid, cgroup } = await sleeper(parent);
    await until('both sleep', () => members(cgroup).length === 2);
    process.kill(parent.pid, 'SIGSTOP');
    endNow(guardian);
    await parent.kill();
    await until('the child is dead', () => !isAlive(pid));
    expect(members(cgroup)).toHaveLength(1);
    await fixtureResult('cage/no-guardian.js', {});
    await until('the rest is ended', () => cagesOf(parent.pid).length === 0);
  });

  test('an unprivileged user who has taken his own permissions away', async () => {
    const place = makeCgroup();
    try {
      const parent = start('again', { as: delegate(place.path, NOBODY), env: { MEMCAGE_PARENT: place.path } });
      const { pid, cgroup } = await sleeper(parent);
      await until('both sleep', () => members(cgroup).length === 2);
      const nested = join(cgroup, 'nested');
      mkdirSync(nested);
      chmodSync(join(cgroup, 'cgroup.procs'), 0);
      for (const path of [nested, cgroup]) chmodSync(path, 0);
      await parent.kill();
      await expectNothingOf(parent);
      expect(await hasEnded(pid)).toBe(true);
    } finally {
      place.remove();
    }
  });
});

describeIf(['cgroup', 'root'], 'what a guardian ends', () => {
  let place: ReturnType<typeof makeCgroup> | undefined;
  let running: Fixture | undefined;

  afterEach(async () => {
    if (running !== undefined) {
      endNow(running.pid);
      await running.end;
      await until('no guardian', () => guardiansOf(running?.pid ?? 0).length === 0);
    }
    running = undefined;
    place?.remove();
    place = undefined;
  });

  const freezers = { unified: ['cgroup.freeze', '1'], freezer: ['freezer.state', 'FROZEN'] };
  const cases: [controller: Controller, freeze: string[] | undefined][] = [
    ...(version === 1 ? [['memory', undefined] as [Controller, undefined]] : []),
    ['unified', undefined],
    ['unified', freezers.unified],
    ['freezer', undefined],
    ['freezer', freezers.freezer],
  ];

  testRows(
    'in each hierarchy, frozen or not',
    cases.filter(([controller]) => mountPoint(controller) !== ''),
    async ([controller, freeze]) => {
      place = makeCgroup(undefined, controller);
      const name = `memcage-${process.pid}-1`;
      running = startFixture('native/guarded.js', { parent: place.path, name, kind: 'owner', freeze });
      const { stdout } = running.process;
      if (stdout === null) throw new Error('no stdout');
      const [line] = (await once(stdout, 'data')) as [Buffer];
      const pids = JSON.parse(line.toString()) as number[];
      expect(pids.filter(isAlive)).toHaveLength(2);
      const path = join(place.path, name);
      // Another directory, whose name is merely similar, stays.
      mkdirSync(`${path}0`);
      endNow(running.pid);
      await running.end;
      await until('the end of all', () => !pids.some(isAlive) && !existsSync(path), 1000);
      expect(existsSync(`${path}0`)).toBe(true);
    },
    { limitMs: 60_000 },
  );

  test.each([
    ['given back when nobody else is in it', false],
    ['left to a child without a cage', true],
  ])('the leaf of v2 that the process has moved to is %s', async (_, stay) => {
    place = makeCgroup(undefined, 'unified');
    const name = `memcage-self-${process.pid}-0`;
    running = startFixture('native/guarded-leaf.js', { parent: place.path, name, stay });
    const { stdout } = running.process;
    if (stdout === null) throw new Error('no stdout');
    const [line] = (await once(stdout, 'data')) as [Buffer];
    const [child = 0] = JSON.parse(line.toString()) as number[];
    const leaf = join(place.path, name);
    expect(members(leaf).sort()).toEqual([running.pid, ...guardiansOf(running.pid), ...(stay ? [child] : [])].sort());
    endNow(running.pid);
    await until('no guardian', () => guardiansOf(running?.pid ?? 0).length === 0);
    expect(existsSync(leaf)).toBe(stay);
    expect(members(place.path)).toEqual(stay ? [child] : []);
    if (!stay) return;
    endNow(child);
    await until('dead', () => members(leaf).length === 0);
  });

  test('"detached" lives on, but what is empty goes', async () => {
    place = makeCgroup(undefined, 'unified');
    const name = `memcage-${process.pid}-2`;
    running = startFixture('native/guarded.js', { parent: place.path, name, kind: 'detached' });
    const { stdout } = running.process;
    if (stdout === null) throw new Error('no stdout');
    const [line] = (await once(stdout, 'data')) as [Buffer];
    const pids = JSON.parse(line.toString()) as number[];
    const empty = join(place.path, name, 'empty');
    mkdirSync(empty);
    endNow(running.pid);
    await running.end;
    await until('no guardian', () => guardiansOf(running?.pid ?? 0).length === 0);
    expect(pids.filter(isAlive)).toEqual(pids);
    expect(existsSync(empty)).toBe(false);
    pids.forEach(endNow);
    await until('dead', () => members(join(place?.path ?? '', name)).length === 0);
  });
});

describeIf(['cgroup', 'root'], 'where no guardian can be started', () => {
  interface Result {
    pid: number;
    codes: Record<string, string>;
    /** Those that lived when a call had been refused. */
    guardians: readonly number[];
  }
  const caged = (code: string) => ({ spawn: code, run: code, spawnSync: code, createCage: code, detached: code });

  test.each([
    ['socketpair', 'EMFILE', 24],
    ['socketpair', 'EACCES', 13],
  ])('%s: %s is what every start in a cage comes to, and nothing is left', async (syscall, name, errno) => {
    const code = name === 'EMFILE' ? name : 'ERR_MEMCAGE_GUARDIAN';
    const rule = { syscall, errno, argument: 1, mask: 0xf, value: 5 };
    const { pid, codes } = await fixtureResult<Result>('cage/no-guardian.js', { rules: [rule] });
    expect(codes).toEqual({ ...caged(code), uncaged: 'started' });
    expect(cagesOf(pid)).toEqual([]);
  });

  test('its answer can not be read: it has ended when that is known', async () => {
    const rule = { syscall: 'recvfrom', errno: 88 };
    const { codes, guardians } = await fixtureResult<Result>('cage/no-guardian.js', { rules: [rule] });
    expect(codes).toEqual({ ...caged('ERR_MEMCAGE_GUARDIAN'), uncaged: 'started' });
    expect(guardians).toEqual([]);
  });

  test.each([
    ['is missing', 'ENOENT', undefined],
    ['may not be run', 'EACCES', 0o644],
    ['is no program', 'ERR_MEMCAGE_GUARDIAN', 0o755],
  ])('memcage-exec %s', async (_, errno, mode) => {
    const directory = copyPackage();
    try {
      addBuilt(directory, 'memcage.node');
      if (mode !== undefined) addFile(directory, `${BUILT}/memcage-exec`, 'exit 3\n', mode);
      const script = `const { createCage } = require(${JSON.stringify(directory)});
        try { createCage({ memory: '8M' }); } catch ({ code, message }) { console.log(JSON.stringify({ code, message, pid: process.pid })); }`;
      const child = new Talking(nodeSpawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] }));
      const { code, message, pid } = await child.line<{ code: string; message: string; pid: number }>();
      expect(code).toBe('ERR_MEMCAGE_GUARDIAN');
      expect(message).toContain(errno === 'ERR_MEMCAGE_GUARDIAN' ? 'MEMCAGE_GUARDIAN=0' : errno);
      await child.exit;
      expect(cagesOf(pid)).toEqual([]);
      expect(guardiansOf(pid)).toEqual([]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
