import { type ChildProcessWithoutNullStreams, execFile, spawn as nodeSpawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { Cgroup, run } from 'memcage';
import { fixture, said } from '../../support/cage-kinds';
import { cgroupOf, makeCgroup, members, mountPoint, read, readNumber, removeTree } from '../../support/cgroup-tree';
import { openFdCount } from '../../support/fds';
import { expectNothingLeft } from '../../support/nothing-left';
import { endNow, isAlive } from '../../support/processes';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

const UNLIMITED = 2 ** 63 - 65536;

function withCode(code: string): Error {
  return expect.objectContaining({ code: `ERR_MEMCAGE_${code}` }) as Error;
}

describeIf('v1', 'Cgroup on v1', () => {
  let made: ReturnType<typeof makeCgroup>[] = [];
  let processes: ChildProcessWithoutNullStreams[] = [];

  afterEach(async () => {
    for (const child of processes) {
      child.kill('SIGKILL');
      await until('ended', () => child.exitCode !== null || child.signalCode !== null);
    }
    for (const { path } of made) {
      await until('empty', () => !existsSync(path) || members(path).length === 0);
      removeTree(path);
    }
    processes = [];
    made = [];
  });
  expectNothingLeft(() => run('true', { memory: '8M' }));

  function make(limit?: string): string {
    const group = makeCgroup(limit);
    made.push(group);
    return group.path;
  }

  /** A process of a stranger in a cgroup; ready once it has said "done". */
  async function inhabit(path: string, command = ':'): Promise<number> {
    const args = ['-c', `echo 0 >"$0/cgroup.procs"; ${command}; echo done; read -r _`, path];
    const child = nodeSpawn('sh', args);
    processes.push(child);
    await said(child, 'done');
    return child.pid ?? 0;
  }

  function open<T>(path: string, use: (cgroup: Cgroup) => T): T {
    using cgroup = Cgroup.open(path);
    return use(cgroup);
  }

  describe('finding one', () => {
    test('self() and of()', async () => {
      using self = Cgroup.self();
      expect(self.path).toBe(cgroupOf('self'));
      expect(self.version).toBe(1);
      const path = make();
      const pid = await inhabit(path);
      using other = Cgroup.of(pid);
      expect(other.path).toBe(path);
    });

    test('of() a process that is no more, or can not be', async () => {
      const child = nodeSpawn('true');
      await until('ended', () => child.exitCode !== null);
      expect(() => Cgroup.of(child.pid ?? 0)).toThrow(withCode('CGROUP_GONE'));
      for (const pid of [0, -1, 1.5, Number.NaN, 2 ** 31, '1', undefined]) {
        expect(() => Cgroup.of(pid as number)).toThrow(withCode('INVALID_ARGUMENT'));
      }
    });

    test('open() by an absolute path, and as /proc/<pid>/cgroup has it', () => {
      const path = make();
      const inHierarchy = path.slice(mountPoint('memory').length);
      for (const name of [path, inHierarchy, inHierarchy.slice(1), `${path}/`, path.replaceAll('/', '//')]) {
        expect(open(name, (cgroup) => cgroup.path)).toBe(path);
      }
      expect(open(mountPoint('memory'), (cgroup) => cgroup.path)).toBe(mountPoint('memory'));
    });

    test('open() what is none', () => {
      const path = make();
      expect(() => Cgroup.open(`${path}/none`)).toThrow(withCode('CGROUP_GONE'));
      expect(() => Cgroup.open(`${path}/tasks`)).toThrow(withCode('CGROUP_GONE'));
      for (const name of ['', '..', `${path}/../x`, `${path}\0`, 5, null]) {
        expect(() => Cgroup.open(name as string)).toThrow(withCode('INVALID_ARGUMENT'));
      }
    });
  });

  describe('create()', () => {
    test('below the own cgroup, or a parent that is given in any way', () => {
      const parent = make();
      using handle = Cgroup.open(parent);
      const name = `memcage-test-${process.pid}-created`;
      for (const [options, expected] of [
        [{}, `${cgroupOf('self')}/${name}`],
        [{ parent }, `${parent}/${name}`],
        [{ parent: handle }, `${parent}/${name}`],
        [{ parent: parent.slice(mountPoint('memory').length) }, `${parent}/${name}`],
      ] as const) {
        using created = Cgroup.create(name, options);
        expect(created.path).toBe(expected);
        expect(existsSync(expected)).toBe(true);
        rmdirSync(expected);
      }
    });

    test('with limits', () => {
      const parent = make();
      using created = Cgroup.create('limited', {
        parent,
        memory: { max: '32M', soft: '16M', swappiness: 7, oomKill: false },
      });
      expect(readNumber(created.path, 'memory.limit_in_bytes')).toBe(32 << 20);
      expect(readNumber(created.path, 'memory.soft_limit_in_bytes')).toBe(16 << 20);
      expect(readNumber(created.path, 'memory.swappiness')).toBe(7);
      expect(read(created.path, 'memory.oom_control')).toMatch(/^oom_kill_disable 1$/m);
      expect(created.limits()).toMatchObject({ max: 32 << 20, soft: 16 << 20, swappiness: 7, oomKill: false });
    });

    test('one that exists is left as it is', () => {
      const path = make('32M');
      const create = () => Cgroup.create(basename(path), { parent: dirname(path), memory: '64M' });
      expect(create).toThrow(withCode('CGROUP_EXISTS'));
      expect(readNumber(path, 'memory.limit_in_bytes')).toBe(32 << 20);
    });

    test.each(['', '.', '..', 'a/b', '/', '../a', 'a\0b', 'a\nb', 'x'.repeat(256), 5, null, undefined])(
      'the name %j is refused',
      (name) => {
        const parent = make();
        expect(() => Cgroup.create(name as string, { parent })).toThrow(withCode('INVALID_ARGUMENT'));
        expect(readdirSync(parent, { withFileTypes: true }).filter((entry) => entry.isDirectory())).toEqual([]);
      },
    );

    test('nothing is left when the options or the kernel refuse', () => {
      const parent = make();
      const fds = openFdCount();
      expect(() => Cgroup.create('a', { parent, memory: { high: '8M' } })).toThrow(withCode('NOT_IN_VERSION'));
      expect(() => Cgroup.create('a', { parent, memory: '1.5' })).toThrow(withCode('INVALID_SIZE'));
      expect(() => Cgroup.create('a', { parent, nonsense: 1 } as object)).toThrow(withCode('INVALID_ARGUMENT'));
      expect(() => Cgroup.create('a', { parent: `${parent}/none` })).toThrow(withCode('CGROUP_GONE'));
      expect(readdirSync(parent, { withFileTypes: true }).filter((entry) => entry.isDirectory())).toEqual([]);
      expect(openFdCount()).toBe(fds);
    });
  });

  describe('what it reads is what the kernel has', () => {
    test('stat()', async () => {
      const path = make('64M');
      await inhabit(path, "x=$(head -c 8M /dev/zero | tr '\\0' x)");
      using cgroup = Cgroup.open(path);
      const raw = () =>
        Object.fromEntries(
          read(path, 'memory.stat')
            .split('\n')
            .map((line) => line.split(' '))
            .map(([name, value]) => [name, Number(value) >= UNLIMITED ? Number.POSITIVE_INFINITY : Number(value)]),
        );
      // The kernel brings the figures up to date every two seconds.
      await until('settled', () => JSON.stringify(cgroup.stat()) === JSON.stringify(raw()));
      const stat = cgroup.stat();
      expect(stat).toEqual(raw());
      expect(stat['rss']).toBeGreaterThan(8_000_000);
      expect(stat['hierarchical_memory_limit']).toBe(64 << 20);
    });

    test('usage(), peak(), limits()', async () => {
      const path = make('64M');
      await inhabit(path, "x=$(head -c 8M /dev/zero | tr '\\0' x)");
      using cgroup = Cgroup.open(path);
      const quiet = () => readNumber(path, 'memory.usage_in_bytes') === cgroup.usage().usageBytes;
      await until('quiet', quiet);
      const usage = cgroup.usage();
      const stat = cgroup.stat();
      expect(usage).toEqual({
        usageBytes: readNumber(path, 'memory.usage_in_bytes'),
        limitBytes: 64 << 20,
        workingSetBytes: usage.usageBytes - (stat['total_inactive_file'] ?? Number.NaN),
        percent: (usage.usageBytes / (64 << 20)) * 100,
        realUseBytes: (stat['total_rss'] ?? 0) + (stat['total_cache'] ?? 0) + (stat['total_swap'] ?? 0),
      });
      expect(cgroup.peak()).toBe(readNumber(path, 'memory.max_usage_in_bytes'));
      expect(cgroup.peak()).toBeGreaterThanOrEqual(usage.usageBytes);
      expect(cgroup.limits()).toMatchObject({
        max: readNumber(path, 'memory.limit_in_bytes'),
        soft: Number.POSITIVE_INFINITY,
        swappiness: readNumber(path, 'memory.swappiness'),
        oomKill: true,
      });
    });

    test('procs() and threads(), with those of the cgroups below', async () => {
      const path = make();
      mkdirSync(`${path}/a`);
      mkdirSync(`${path}/a/b`);
      const pids = [await inhabit(path), await inhabit(`${path}/a`), await inhabit(`${path}/a/b`)];
      using cgroup = Cgroup.open(path);
      expect(cgroup.procs().sort()).toEqual(pids.sort());
      expect(cgroup.threads().sort()).toEqual(pids.sort());

      const child = nodeSpawn(process.execPath, ['-e', 'console.log("done"); process.stdin.resume()']);
      processes.push(child);
      await said(child, 'done');
      cgroup.add(child.pid ?? 0);
      expect(cgroup.procs()).toContain(child.pid);
      const threads = readdirSync(`/proc/${child.pid}/task`).map(Number);
      expect(threads.length).toBeGreaterThan(1);
      expect(cgroup.threads()).toEqual(expect.arrayContaining(threads));
      expect(read(path, 'tasks').split('\n').map(Number)).toEqual(expect.arrayContaining(threads));
    });

    test('a cgroup without limits', () => {
      using cgroup = Cgroup.open(make());
      expect(cgroup.limits()).toMatchObject({ max: Number.POSITIVE_INFINITY, soft: Number.POSITIVE_INFINITY });
      expect(cgroup.usage()).toMatchObject({ limitBytes: Number.POSITIVE_INFINITY, percent: null });
      expect(cgroup.procs()).toEqual([]);
      expect(() => cgroup.pressure()).toThrow(withCode('NOT_IN_VERSION'));
    });
  });

  describe('add()', () => {
    test('moves a process; what can not be moved is an error', async () => {
      const [from, to] = [make(), make()];
      const pid = await inhabit(from);
      using cgroup = Cgroup.open(to);
      cgroup.add(pid);
      expect(cgroupOf(pid)).toBe(to);
      expect(members(from)).toEqual([]);

      const ended = nodeSpawn('true');
      await until('ended', () => ended.exitCode !== null);
      expect(() => cgroup.add(ended.pid ?? 0)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
      for (const wrong of [0, -1, 1.5, '7'])
        expect(() => cgroup.add(wrong as number)).toThrow(withCode('INVALID_ARGUMENT'));
    });
  });

  describe('setLimits()', () => {
    test('up, down, and off; what is left out stays', () => {
      const path = make();
      using cgroup = Cgroup.open(path);
      for (const max of ['32M', '64M', '16M', 'max', '8M'] as const) {
        cgroup.setLimits({ max });
        const bytes = max === 'max' ? Number.POSITIVE_INFINITY : Number.parseInt(max, 10) << 20;
        expect(Math.min(readNumber(path, 'memory.limit_in_bytes'), UNLIMITED)).toBe(Math.min(bytes, UNLIMITED));
        expect(cgroup.limits().max).toBe(bytes);
      }
      cgroup.setLimits({ soft: '4M' });
      expect(cgroup.limits()).toMatchObject({ max: 8 << 20, soft: 4 << 20 });
      cgroup.setLimits({ oomKill: false });
      cgroup.setLimits({ oomKill: true, swappiness: 3 });
      expect(cgroup.limits()).toMatchObject({ max: 8 << 20, soft: 4 << 20, oomKill: true, swappiness: 3 });
    });

    test('refused below what is in use: nothing has changed', async () => {
      const path = make('64M');
      const pid = await inhabit(path, "x=$(head -c 16M /dev/zero | tr '\\0' x)");
      using cgroup = Cgroup.open(path);
      const files = ['memory.limit_in_bytes', 'memory.soft_limit_in_bytes', 'memory.swappiness', 'memory.oom_control'];
      const before = files.map((file) => read(path, file));
      const change = { max: '4M', soft: '2M', swappiness: 11, oomKill: false };
      expect(() => cgroup.setLimits(change)).toThrow(
        expect.objectContaining({
          code: 'ERR_MEMCAGE_LIMIT_REFUSED',
          syscall: 'write',
          path: `${path}/memory.limit_in_bytes`,
          message: expect.stringMatching(/^memory\.max .* in use/),
        }),
      );
      expect(files.map((file) => read(path, file))).toEqual(before);
      expect(isAlive(pid)).toBe(true);
    });

    test('wrong ones change nothing', () => {
      const path = make('64M');
      using cgroup = Cgroup.open(path);
      expect(() => cgroup.setLimits({ max: '10X' })).toThrow(withCode('INVALID_SIZE'));
      expect(() => cgroup.setLimits({ max: 1 })).toThrow(withCode('LIMIT_TOO_SMALL'));
      expect(() => cgroup.setLimits({ max: '8M', oomGroup: true })).toThrow(withCode('NOT_IN_VERSION'));
      expect(() => cgroup.setLimits({ maximum: '8M' } as object)).toThrow(withCode('INVALID_ARGUMENT'));
      expect(readNumber(path, 'memory.limit_in_bytes')).toBe(64 << 20);
    });
  });

  describe('kill() and remove()', () => {
    test('kill() ends all below', async () => {
      const path = make();
      mkdirSync(`${path}/a`);
      const pids = [await inhabit(path), await inhabit(`${path}/a`)];
      using cgroup = Cgroup.open(path);
      await cgroup.kill();
      expect(pids.filter(isAlive)).toEqual([]);
      expect(members(path)).toEqual([]);
      await cgroup.kill();
      expect(existsSync(path)).toBe(true);
    });

    test('remove() takes what is below along, and refuses while processes are there', async () => {
      const path = make();
      mkdirSync(`${path}/a`);
      mkdirSync(`${path}/a/b`);
      const pid = await inhabit(`${path}/a`);
      const fds = openFdCount();
      const cgroup = Cgroup.open(path);
      await expect(cgroup.remove()).rejects.toEqual(
        expect.objectContaining({ code: 'ERR_MEMCAGE_BUSY', path, message: expect.stringContaining(String(pid)) }),
      );
      expect(cgroup.procs()).toEqual([pid]);
      await cgroup.kill();
      await cgroup.remove();
      expect(existsSync(path)).toBe(false);
      expect(openFdCount()).toBeLessThanOrEqual(fds);
      expect(() => cgroup.stat()).toThrow(withCode('CLOSED'));
    });
  });

  const uses: [string, (cgroup: Cgroup) => unknown][] = [
    ['add', (cgroup) => cgroup.add(process.pid)],
    ['stat', (cgroup) => cgroup.stat()],
    ['usage', (cgroup) => cgroup.usage()],
    ['limits', (cgroup) => cgroup.limits()],
    ['setLimits', (cgroup) => cgroup.setLimits('64M')],
    ['setLimits of something else', (cgroup) => cgroup.setLimits({ soft: '64M' })],
    ['peak', (cgroup) => cgroup.peak()],
    ['procs', (cgroup) => cgroup.procs()],
    ['threads', (cgroup) => cgroup.threads()],
    ['kill', (cgroup) => cgroup.kill()],
    ['remove', (cgroup) => cgroup.remove()],
    ['create below', (cgroup) => Cgroup.create('a', { parent: cgroup })],
  ];

  describe('after the cgroup was removed by someone else', () => {
    test.each(uses)('%s', async (_, use) => {
      const path = make();
      using cgroup = Cgroup.open(path);
      cgroup.stat();
      rmdirSync(path);
      await expect((async () => use(cgroup))()).rejects.toEqual(withCode('CGROUP_GONE'));
    });

    test.each(uses)('and made again under the same name: %s does not touch the new one', async (_, use) => {
      const path = make();
      using cgroup = Cgroup.open(path);
      cgroup.stat();
      rmdirSync(path);
      mkdirSync(path);
      const pid = await inhabit(path);
      await expect((async () => use(cgroup))()).rejects.toEqual(withCode('CGROUP_GONE'));
      expect(isAlive(pid)).toBe(true);
      expect(members(path)).toEqual([pid]);
      expect(readNumber(path, 'memory.limit_in_bytes')).toBeGreaterThan(64 << 20);
      endNow(pid);
      await until('empty', () => members(path).length === 0);
      await expect((async () => use(cgroup))()).rejects.toEqual(withCode('CGROUP_GONE'));
      expect(existsSync(path)).toBe(true);
    });
  });

  describe('after close()', () => {
    test.each(uses.filter(([name]) => name !== 'create below'))('%s', async (_, use) => {
      const path = make();
      const fds = openFdCount();
      const cgroup = Cgroup.open(path);
      cgroup.stat();
      cgroup.close();
      cgroup.close();
      cgroup[Symbol.dispose]();
      await cgroup[Symbol.asyncDispose]();
      expect(openFdCount()).toBe(fds);
      await expect((async () => use(cgroup))()).rejects.toEqual(withCode('CLOSED'));
      expect(existsSync(path)).toBe(true);
    });
  });

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
        procs: 'object',
        threads: 'object',
        peak: 'number',
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
      expect(readNumber(path, 'memory.limit_in_bytes')).toBe(64 << 20);
    });
  });
});
